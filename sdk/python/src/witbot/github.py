"""GitHub, with the operator's credentials, which a plugin never sees.

Grant: `github = [{ repository = "acme/api", permissions = ["deployments:write"], environments = ["staging"] }]`.
Everything can raise `denied`, `not-found`, `rate-limited` and `unavailable`; what else is named with the call.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from wit_world.imports import github as raw
from witbot.duration import Duration, milliseconds, timestamp
from witbot.error import call

DeploymentState: TypeAlias = (
    Literal["queued", "pending", "in_progress", "success", "failure", "error", "inactive"] | str
)
"""How a deployment stands. Later GitHub may have more."""


@dataclass(frozen=True)
class Commit:
    """A commit."""

    sha: str
    """The full SHA."""
    title: str
    """The first line of its message."""
    author: str
    """The login of its author at GitHub, or else the name that the commit gives."""
    url: str
    """The page that shows it."""
    committed_at: datetime


@dataclass(frozen=True)
class Check:
    """One check: a status context, or a check run."""

    name: str
    state: Literal["success", "pending", "failure", "neutral"] | str
    """`neutral`: it was skipped or says nothing."""
    url: str | None


@dataclass(frozen=True)
class Checks:
    """The checks of a commit, each name once, as it stands last."""

    state: Literal["success", "pending", "failure", "none"] | str
    """`none` when there are no checks."""
    failed: tuple[str, ...]
    """The names of those that failed."""
    pending: tuple[str, ...]
    """The names of those that are not over."""
    all: tuple[Check, ...]


@dataclass(frozen=True)
class Comparison:
    """How one reference stands to another."""

    ahead_by: int
    """How many commits `head` has that `base` lacks."""
    behind_by: int
    """How many commits `base` has that `head` lacks."""
    commits: tuple[Commit, ...]
    """The commits that `head` has and `base` lacks, newest first, at most 50."""
    url: str


@dataclass(frozen=True)
class DeploymentStatus:
    """A status of a deployment."""

    id: int
    """Grows with time."""
    state: DeploymentState
    description: str
    """Empty when nothing was said."""
    log_url: str | None
    environment_url: str | None
    created_at: datetime


class Deployment:
    """A deployment."""

    def __init__(self, deployment: raw.Deployment) -> None:
        self._raw = deployment

    @property
    def id(self) -> int:
        """GitHub's number of it."""
        return self._raw.id()

    @property
    def reference(self) -> str:
        """The branch, tag or SHA that was asked for."""
        return self._raw.reference()

    @property
    def sha(self) -> str:
        """The commit."""
        return self._raw.sha()

    @property
    def task(self) -> str:
        """What is to be done; mostly `deploy`."""
        return self._raw.task()

    @property
    def environment(self) -> str:
        """Where to."""
        return self._raw.environment()

    @property
    def description(self) -> str:
        """For people; empty when nothing was said."""
        return self._raw.description()

    @property
    def creator(self) -> str:
        """The login of who created it, at GitHub."""
        return self._raw.creator()

    @property
    def payload(self) -> Any:
        """The payload, parsed."""
        return json.loads(self._raw.payload())

    @property
    def created_at(self) -> datetime:
        """When it was created."""
        return timestamp(self._raw.created_at())

    def status(self) -> DeploymentStatus | None:
        """The latest status, as it is at GitHub now. Permission: `deployments:read`."""
        found = call(self._raw.status)
        return None if found is None else _status(found)

    def add_status(
        self,
        state: DeploymentState,
        *,
        description: str | None = None,
        log_url: str | None = None,
        environment_url: str | None = None,
    ) -> DeploymentStatus:
        """Adds a status. The description has at most 140 characters: longer ones are cut. Permission: `deployments:write`, for
        the environment. Raises `invalid` (GitHub does not know the state)."""
        request = raw.StatusRequest(state)
        if description is not None:
            request.description(description)
        if log_url is not None:
            request.log_url(log_url)
        if environment_url is not None:
            request.environment_url(environment_url)
        return _status(call(self._raw.add_status, request))

    def next_status(self, *, after: int | None = None, timeout: Duration) -> DeploymentStatus:
        """Waits, 30 days at most, for the next status after the one with the id `after`, or for the first. One that is there
        already is given at once. Permission: `deployments:read`.

        Raises `timeout`, `invalid` (a longer wait).
        """
        return _status(call(self._raw.next_status, after, milliseconds(timeout)))


class Repository:
    """A repository that was granted."""

    def __init__(self, repository: raw.Repository) -> None:
        self._raw = repository

    @property
    def name(self) -> str:
        """`owner/name`."""
        return self._raw.name()

    def resolve(self, reference: str) -> str:
        """The full SHA that a branch, tag or abbreviated SHA stands for. Permission: `contents:read`."""
        return call(self._raw.resolve, reference)

    def commit(self, reference: str) -> Commit:
        """The commit that a branch, tag or abbreviated SHA stands for. Permission: `contents:read`."""
        return _commit(call(self._raw.commit, reference))

    def default_branch(self) -> str:
        """The name of the default branch. Permission: `contents:read`."""
        return call(self._raw.default_branch)

    def branches(self, limit: int = 100) -> list[str]:
        """The names of the branches, in GitHub's order, at most `limit` (1 to 1,000). Permission: `contents:read`."""
        return call(self._raw.branches, min(max(limit, 1), 1_000))

    def merge(self, base: str, head: str, message: str) -> str | None:
        """Merges `head`, a branch or commit, into the branch `base`, and gives the SHA of the commit that this made; None when
        there was nothing to merge. Permission: `contents:write`.

        Raises `conflict` (they do not fit together), `not-found` (no such branch or commit).
        """
        return call(self._raw.merge, base, head, message)

    def checks(self, reference: str) -> Checks:
        """The checks of a commit. Permission: `contents:read`."""
        checks = call(self._raw.checks, reference)
        every = tuple(Check(one.name(), one.state(), one.url()) for one in checks.all())
        return Checks(checks.state(), tuple(checks.failed()), tuple(checks.pending()), every)

    def compare(self, base: str, head: str) -> Comparison:
        """How `head` stands to `base`. Permission: `contents:read`."""
        found = call(self._raw.compare, base, head)
        commits = tuple(_commit(one) for one in found.commits())
        return Comparison(found.ahead_by(), found.behind_by(), commits, found.url())

    def deploy(
        self,
        reference: str,
        environment: str,
        *,
        task: str | None = None,
        description: str | None = None,
        payload: object = None,
        production: bool | None = None,
        transient: bool | None = None,
        auto_merge: bool | None = None,
        require_contexts: Sequence[str] = (),
    ) -> Deployment:
        """Creates a deployment of a branch, a tag or a commit. GitHub's own gates are off unless asked for. After a crash in the
        middle it is found again and not created twice. Permission: `deployments:write`, for the environment.

        - `task`: `deploy` unless set.
        - `description`: at most 140 characters: longer ones are cut.
        - `payload`: an object that whoever runs the deployment reads, at most 16 KiB as JSON.
        - `production`: the environment is one that users see. GitHub's own default is true for `production` alone.
        - `transient`: the environment will go away.
        - `auto_merge`: has GitHub merge the default branch in first, if the reference is behind it. Also needs
          `contents:write`.
        - `require_contexts`: has GitHub refuse unless these status contexts are green.

        Raises `conflict` (merge conflict, failed contexts, or GitHub merged the base branch in and wants the request again
        later), `invalid` (such as an unknown reference).
        """
        request = raw.DeploymentRequest(reference, environment)
        if task is not None:
            request.task(task)
        if description is not None:
            request.description(description)
        if payload is not None:
            request.payload(json.dumps(payload, ensure_ascii=False))
        if production is not None:
            request.production(production)
        if transient is not None:
            request.transient(transient)
        if auto_merge is not None:
            request.auto_merge(auto_merge)
        for context in require_contexts:
            request.require_context(context)
        return Deployment(call(self._raw.create_deployment, request))

    def deployment(self, id: int) -> Deployment:
        """One deployment. Permission: `deployments:read`."""
        return Deployment(call(self._raw.deployment, id))

    def deployments(self, *, environment: str | None = None, limit: int = 30) -> list[Deployment]:
        """The newest deployments, newest first, at most `limit` (1 to 100). Permission: `deployments:read`."""
        found = call(self._raw.deployments, environment, min(max(limit, 1), 100))
        return [Deployment(one) for one in found]


def open(repository: str) -> Repository:
    """Opens a repository, named `owner/name`. Asks GitHub nothing. Raises `denied`, `invalid` (not of that form)."""
    return Repository(call(raw.open, repository))


def _commit(found: raw.Commit) -> Commit:
    return Commit(found.sha(), found.title(), found.author(), found.url(), timestamp(found.committed_at()))


def _status(found: raw.DeploymentStatus) -> DeploymentStatus:
    return DeploymentStatus(
        id=found.id(),
        state=found.state(),
        description=found.description(),
        log_url=found.log_url(),
        environment_url=found.environment_url(),
        created_at=timestamp(found.created_at()),
    )
