using Sandbox.Agent.Accounts;
using Sandbox.Agent.Files;
using Sandbox.Agent.Processes;

namespace Sandbox.Agent.Rock;

/// <summary>What paths of the ROCK routes mean: relative ones start where commands do.</summary>
internal sealed class FilePaths(AccountFiles accounts, SandboxEnvironment environment)
{
    public string Resolve(string path) =>
        path.Length == 0 ? throw new FileFailure(FileFailureKind.InvalidPath, "the path is empty")
        : SandboxPath.Resolve(path, path[0] == '~' ? accounts.Own().Home : environment.StartFolder().Path);
}
