//! What `wasmtime` makes of the contract in `wit/`. Nothing outside this crate sees it.

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "witbot:plugin/plugin",
    imports: { default: async | trappable },
    exports: { default: async },
    trappable_error_type: {
        "witbot:types/types.error" => crate::gate::Refusal,
    },
    with: {
        "witbot:plugin/declare.declaration": crate::imports::declare::Declaring,
        "witbot:plugin/declare.command": crate::imports::declare::DeclaringCommand,
        "witbot:plugin/events.event": crate::imports::events::CurrentEvent,
        "witbot:chat/messages.message": crate::imports::chat::OwnMessage,
        "witbot:github/github.repository": crate::imports::github::OpenRepository,
        "witbot:github/github.deployment-request": witbot_core::github::DeploymentRequest,
        "witbot:github/github.deployment": crate::imports::github::OpenDeployment,
        "witbot:github/github.status-request": witbot_core::github::StatusRequest,
        "witbot:github/github.deployment-status": witbot_core::github::DeploymentStatus,
        "witbot:github/github.checks": witbot_core::github::Checks,
        "witbot:github/github.comparison": witbot_core::github::Comparison,
        "witbot:ci/ci.project": witbot_core::ci::Project,
        "witbot:ci/ci.run-request": witbot_core::ci::RunRequest,
        "witbot:ci/ci.run": crate::imports::ci::OpenRun,
        "witbot:ci/ci.run-status": witbot_core::ci::RunStatus,
        "witbot:http/http.request": witbot_core::http::Request,
        "witbot:http/http.response": witbot_core::http::Response,
        "witbot:flow/flow.answer": witbot_core::call::Chosen,
        "witbot:flow/flow.occurrence": witbot_core::call::Occurrence,
    },
});
