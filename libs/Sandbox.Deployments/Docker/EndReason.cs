using Docker.DotNet.Models;

namespace Sandbox.Deployments.Docker;

/// <summary>Why a container does not run, in words for people.</summary>
internal static class EndReason
{
    public const string Removed = "its container was removed";

    public static string Of(State? state) => state switch
    {
        null => "unknown",
        { Status: "removing" } => "its container is being removed",
        { Status: "created", Error.Length: > 0 } => $"never started: {state.Error}",
        { Status: "created" } => "never started",
        { OOMKilled: true } => $"out of memory, exit code {state.ExitCode}",
        { Error.Length: > 0 } => $"exit code {state.ExitCode}: {state.Error}",
        _ => $"exit code {state.ExitCode}",
    };
}
