using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Sandbox.Worker.Tests.Head;

/// <summary>The node n1 as its program makes it, not started: its steps are taken by the test.</summary>
internal static class DecidingNode
{
    public static WebApplication Build(Action<IServiceCollection> more, params (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["HEAD_WHITELIST"] = "n1",
            // However slow this machine is, what answers is heard.
            ["HEALTH_TIMEOUT"] = "60",
            ["DISCOVERY_TIMEOUT"] = "60",
            ["Worker:NodeName"] = "n1",
            ["Cluster:Id"] = "tests",
            ["Cluster:Secret"] = "a secret of the tests that is long enough",
        });
        builder.Configuration.AddInMemoryCollection(settings.ToDictionary(setting => setting.Key, setting => (string?)setting.Value));
        builder.Services.AddDecisionOnly(builder.Configuration);
        more(builder.Services);
        return builder.Build();
    }
}
