using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;

namespace Sandbox.Node.Deployments;

/// <summary>What a caller is told of a failure whose words are an engine's, a driver's or this machine's: its kind and a reference, under
/// which the node's log has the words. The operator's own tenant is told the words themselves.</summary>
internal sealed partial class FailureReporter(IOptions<ImagePolicy> policy, ILogger<FailureReporter> logger)
{
    private const int ReferenceBytes = 6;

    /// <param name="kind">What happened, in words of ours: "the container engine does not answer".</param>
    public string Describe(SandboxInstance sandbox, string kind, Exception exception)
    {
        var reference = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(ReferenceBytes));
        Log.Failed(logger, sandbox.Id, kind, reference, exception);
        return policy.Value.IsOperators(sandbox.Tenant)
            ? exception.Message : $"{kind} (the node's log has the reason, under {reference})";
    }

    private static partial class Log
    {
        [LoggerMessage(4103, LogLevel.Warning, "Sandbox {SandboxId}: {Kind} ({Reference})")]
        public static partial void Failed(
            ILogger logger, SandboxId sandboxId, string kind, string reference, Exception exception);
    }
}
