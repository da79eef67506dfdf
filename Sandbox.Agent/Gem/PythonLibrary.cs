using Sandbox.Agent.Accounts;
using Sandbox.Agent.Native;
using Sandbox.Agent.Processes;

namespace Sandbox.Agent.Gem;

/// <summary>Environments of the Python package <c>gem</c>, where the image has it.</summary>
internal sealed class PythonLibrary(Spawner spawner, AccountFiles accounts, SandboxEnvironment environment) : IGemLibrary
{
    /// <summary>Reads a call from each line and writes its answer as one. What an environment prints goes nowhere: it is no
    /// answer.</summary>
    private const string Bridge = """
        import json, os, sys
        answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        def plain(value):
            return value.tolist() if hasattr(value, "tolist") else str(value)
        env = None
        def handle(call):
            global env
            import gem
            method = call["method"]
            if method == "list":
                from gem.envs.registration import ENV_REGISTRY
                return sorted(ENV_REGISTRY)
            if method == "make":
                env = gem.make(call["argument"])
                return None
            if method == "reset":
                observation, info = env.reset(seed=call["argument"])
                return {"observation": observation, "info": info}
            observation, reward, terminated, truncated, info = env.step(call["argument"])
            return {"observation": observation, "reward": float(reward), "terminated": bool(terminated),
                    "truncated": bool(truncated), "info": info}
        for line in sys.stdin:
            try:
                answer = json.dumps({"result": handle(json.loads(line))}, default=plain, allow_nan=False)
            except Exception as failure:
                answer = json.dumps({"missing": isinstance(failure, ModuleNotFoundError) and failure.name == "gem",
                                     "error": f"{type(failure).__name__}: {failure}"})
            answers.write(answer + "\n")
            answers.flush()
        """;

    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken)
    {
        using var process = TryStart();
        return process is null ? [] : await process.ListAsync(cancellationToken);
    }

    public async Task<IGemEnvironment?> TryMakeAsync(string envId, CancellationToken cancellationToken)
    {
        var process = TryStart();
        try
        {
            if (process is not null && await process.TryMakeAsync(envId, cancellationToken))
            {
                (var made, process) = (process, null);
                return made;
            }

            return null;
        }
        finally
        {
            process?.Dispose();
        }
    }

    /// <summary>Null: the image has no Python.</summary>
    private PythonEnvironment? TryStart() => spawner.TryStart(
        new SpawnRequest
        {
            Command = "python3",
            Arguments = ["-c", Bridge],
            Env = environment.Compose(accounts.Own(), null),
            WorkingFolder = environment.StartFolder().Path,
        },
        out var child, out _)
        ? new PythonEnvironment(child)
        : null;
}
