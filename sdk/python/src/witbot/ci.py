"""Pipelines of a CI service, with the operator's credentials, which a plugin never sees.

Grant: `ci = [{ provider = "circleci", project = "gh/acme/api", actions = ["trigger", "read", "cancel", "rerun", "approve"] }]`.
Everything can raise `denied`, `not-found`, `rate-limited` and `unavailable`; what else is named with the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Literal, TypeAlias

from wit_world.imports import ci as raw
from witbot.duration import Duration, milliseconds, timestamp
from witbot.error import WitbotError, call
from witbot.flow import now

Phase: TypeAlias = (
    Literal["queued", "running", "blocked", "succeeded", "failed", "canceled", "errored", "not-run", "unknown"] | str
)
"""Which phase a run is in. `blocked` waits for an approval; `errored`: the service could not run it. Later perhaps more."""

Ability: TypeAlias = Literal["approve", "rerun", "rerun-failed", "steps"]
"""What a provider can do, and another one perhaps cannot."""

NOTHING: Mapping[str, str | int | bool] = MappingProxyType({})


@dataclass(frozen=True)
class Failure:
    """A job that failed."""

    job: str
    step: str | None
    """The step in which it failed, when the provider says so."""
    url: str
    """The page with its log."""


@dataclass(frozen=True)
class Approval:
    """An approval that a run waits for."""

    id: str
    """What `Run.approve` takes."""
    name: str
    """How people call it."""


@dataclass(frozen=True)
class RunStatus:
    """How a run stands."""

    phase: Phase
    finished: bool
    """Whether it is over."""
    failed_jobs: tuple[str, ...]
    """The names of the jobs that failed."""
    failures: tuple[Failure, ...]
    """The jobs that failed, with what is known of each. At most 20."""
    approvals: tuple[Approval, ...]
    """The approvals that it waits for. At most 20."""
    commit: str | None
    """The commit that it works on, as its full SHA, when the provider says so."""
    detail: str
    """What the service says of it, for people. Can be empty."""
    url: str
    """The page that shows the most: the failed job, or else the run."""


@dataclass(frozen=True)
class RecentRun:
    """A run in a list, as it stood when the list was made."""

    id: str
    """The provider's id: what `Project.run` takes."""
    number: int | None
    """The number that people see, when the provider has told one."""
    url: str
    """The page of the run."""
    title: str
    """How people call it: the workflow, or the first line of the commit's message. Can be empty."""
    reference: str | None
    """The branch or tag that it works on, when the provider says so."""
    commit: str | None
    """The commit, as its full SHA, when the provider says so."""
    actor: str | None
    """The account at the provider that started it, when the provider says so."""
    phase: Phase
    """Which phase it was in."""
    created_at: datetime
    """When it was created."""


class Run:
    """A run: a pipeline with all of its workflows."""

    def __init__(self, run: raw.Run) -> None:
        self._raw = run

    @property
    def id(self) -> str:
        """The provider's id."""
        return self._raw.id()

    @property
    def number(self) -> int | None:
        """The number that people see, when the provider has told one."""
        return self._raw.number()

    @property
    def url(self) -> str:
        """The page of the run."""
        return self._raw.url()

    def status(self) -> RunStatus:
        """How it stands now. Action: `read`."""
        return _status(call(self._raw.status))

    def past(self, phase: Phase, timeout: Duration) -> RunStatus:
        """Waits, 30 days at most, until the phase is not `phase` any more, and gives the status then. Action: `read`. Raises
        `timeout`, `invalid` (a longer wait)."""
        return _status(call(self._raw.past, phase, milliseconds(timeout)))

    def finished(self, timeout: Duration) -> RunStatus:
        """Waits until it is over. Action: `read`. Raises `timeout`, `invalid` (a longer wait than 30 days)."""
        left = milliseconds(timeout)
        end = now().timestamp() * 1_000 + left
        phase: Phase = "queued"
        while left > 0:
            found = _status(call(self._raw.past, phase, left))
            if found.finished:
                return found
            phase = found.phase
            left = int(end - now().timestamp() * 1_000)
        raise WitbotError("timeout", f"the run is still {phase}")

    def cancel(self) -> None:
        """Asks the provider to stop it. It ends some time later. Action: `cancel`. Raises `conflict` (it is over)."""
        call(self._raw.cancel)

    def rerun(self, *, only_failed: bool = False) -> None:
        """Has the provider run it once more, or only what failed, under the same id. Action: `rerun`.

        Raises `conflict` (it is not over), `invalid` (the provider cannot).
        """
        call(self._raw.rerun, only_failed)

    def approve(self, approval: str) -> None:
        """Gives an approval that the run waits for, by the id that its status says. Giving it twice changes nothing. Action:
        `approve`.

        Raises `conflict` (it does not wait for this one any more), `not-found`, `invalid` (the provider cannot).
        """
        call(self._raw.approve, approval)


class Project:
    """A project that was granted."""

    def __init__(self, project: raw.Project) -> None:
        self._raw = project

    def trigger(
        self,
        *,
        branch: str | None = None,
        tag: str | None = None,
        definition: str | None = None,
        parameters: Mapping[str, str | int | bool] = NOTHING,
        correlate_by: str | None = None,
    ) -> Run:
        """Starts a run. With neither branch nor tag, the service takes the project's default branch. Action: `trigger`.

        - `definition`: the pipeline definition. CircleCI: its UUID. GitHub Actions: the file of the workflow, such as
          `deploy.yml`; always needed.
        - `parameters`: as declared in the pipeline's configuration, at most 100 (GitHub Actions: 25).
        - `correlate_by`: a declared text parameter in which the bot puts the id of this call, to find the run again after a
          crash. Recommended.

        Raises `invalid` (unknown branch, undeclared parameter), `conflict` (accepted, but the service started nothing),
        `in-doubt` (the bot was stopped in the middle of it, and cannot find out).
        """
        request = raw.RunRequest()
        if branch is not None:
            request.branch(branch)
        if tag is not None:
            request.tag(tag)
        if definition is not None:
            request.definition(definition)
        for name, value in parameters.items():
            request.parameter(name, _parameter(value))
        if correlate_by is not None:
            request.correlate_by(correlate_by)
        return Run(call(self._raw.trigger, request))

    def run(self, id: str) -> Run:
        """A run that was started before, by its id. Asks the provider nothing."""
        return Run(call(self._raw.run, id))

    def recent(self, limit: int = 30) -> list[RecentRun]:
        """The newest runs, newest first, at most `limit` (1 to 30). Action: `read`."""
        return [_recent(one) for one in call(self._raw.recent, min(max(limit, 1), 30))]

    def can(self, ability: Ability) -> bool:
        """Whether the provider can do something. Asks the provider nothing."""
        return self._raw.can(ability)


def open(provider: str, project: str) -> Project:
    """Opens a project at `circleci` or `github-actions`, named as that service names it: `gh/acme/api`, `acme/api`. Asks
    nothing.

    Raises `denied`, `invalid` (unknown provider).
    """
    return Project(call(raw.open, provider, project))


def _parameter(value: str | int | bool) -> raw.Parameter:
    if isinstance(value, bool):
        return raw.Parameter_Boolean(value)
    if isinstance(value, int):
        return raw.Parameter_Integer(value)
    return raw.Parameter_Text(value)


def _recent(found: raw.RecentRun) -> RecentRun:
    return RecentRun(
        id=found.id(),
        number=found.number(),
        url=found.url(),
        title=found.title(),
        reference=found.reference(),
        commit=found.commit(),
        actor=found.actor(),
        phase=found.phase(),
        created_at=timestamp(found.created_at()),
    )


def _status(found: raw.RunStatus) -> RunStatus:
    return RunStatus(
        phase=found.phase(),
        finished=found.finished(),
        failed_jobs=tuple(found.failed_jobs()),
        failures=tuple(Failure(one.job(), one.step(), one.url()) for one in found.failures()),
        approvals=tuple(Approval(one.id(), one.name()) for one in found.approvals()),
        commit=found.commit(),
        detail=found.detail(),
        url=found.url(),
    )
