using Microsoft.Extensions.Options;
using Sandbox.Kubernetes.Tests.Running;
using Sandbox.Testing;

namespace Sandbox.Kubernetes.Tests;

public sealed class KubernetesOptionsTests
{
    [Theory]
    [InlineData("Kubernetes:Mode", "swarm", "Mode")]
    [InlineData("Kubernetes:AgentImage", "", "AgentImage")]
    [InlineData("Kubernetes:OwnerAddress", "nowhere", "OwnerAddress")]
    [InlineData("Kubernetes:RequestsPerSecond", "0", "RequestsPerSecond")]
    [InlineData("Kubernetes:TemplateFolder", "/no/such/folder", "'/no/such/folder' is not there")]
    [InlineData("Kubernetes:ImageAuthKeyFile", "/no/such/key", "must be a file of exactly 32 bytes")]
    [InlineData("Kubernetes:Rules:0:Images:0", "*", "Template")]
    [InlineData("Kubernetes:Rules:0:Template", "nope", "'nope' is not a template; there are default.")]
    [InlineData("Kubernetes:Pools:0:Name", "warm", "need Kubernetes:Mode batchsandbox")]
    [InlineData("Worker:AgentListen", "everywhere", "takes ADDRESS:PORT")]
    public async Task Start_WithABadSetting_IsRefusedNamingIt(string name, string value, string told)
    {
        using var folder = new TempFolder();

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(async () =>
        {
            await using var host =
                KubeHost.Build(KubeHost.NoDatabase, folder.Path, "http://127.0.0.1:1", ReservedPorts.Next(), (name, value));
            await host.StartAsync();
        });

        Assert.Contains(told, refused.Message, StringComparison.Ordinal);
    }
}
