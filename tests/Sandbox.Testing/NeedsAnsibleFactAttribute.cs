using System.Runtime.CompilerServices;
using Xunit;

namespace Sandbox.Testing;

/// <summary>The marker for a test that runs Ansible: skipped, visibly, where it is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsAnsibleFactAttribute : FactAttribute
{
    public NeedsAnsibleFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = File.Exists("/usr/bin/ansible-playbook") ? null : "Ansible is not installed";
}
