using System.Text;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;

namespace Sandbox.Api.Tests.Servers;

/// <summary>Logs as the test says; without a word of it, each names its sandbox and how it was asked for.</summary>
internal sealed class TestLogs : ISandboxLogs
{
    public Func<SandboxInstance, LogQuery, Result<SandboxLog>> Open { get; set; } =
        (sandbox, query) => Of($"{sandbox.Id} {query.Follow} {query.Tail} {query.Since:O}\n");

    public static SandboxLog Of(string text) => SandboxLog.Of(new MemoryStream(Encoding.UTF8.GetBytes(text)));

    public Task<Result<SandboxLog>> OpenAsync(SandboxInstance sandbox, LogQuery query, CancellationToken cancellationToken) =>
        Task.FromResult(Open(sandbox, query));
}
