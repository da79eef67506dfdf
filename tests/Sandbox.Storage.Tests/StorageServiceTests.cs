using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Testing;

namespace Sandbox.Storage.Tests;

public sealed class StorageServiceTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(typeof(ISandboxStore))]
    [InlineData(typeof(IJobStore))]
    [InlineData(typeof(ILeaseStore))]
    [InlineData(typeof(ILiveStore))]
    [InlineData(typeof(IChangeFeed))]
    [InlineData(typeof(ISandboxOperator))]
    [InlineData(typeof(SandboxTransitions))]
    [InlineData(typeof(DeploymentManager))]
    public void StandaloneStorage_OffersEveryStore(Type service)
    {
        using var provider = Provider([]);

        Assert.Same(provider.GetRequiredService(service), provider.GetRequiredService(service));
    }

    [Fact]
    public void Options_ThatCannotBe_AreAllNamed()
    {
        using var provider = Provider(new()
        {
            ["Limits:MaxMemory"] = "lots",
            ["Limits:MaxCpus"] = "0",
            ["Lifecycle:IdleTimeout"] = "00:00:00",
            ["Operator:Tries"] = "0",
        });

        var limits = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IOptions<SpecLimits>>().Value);
        Assert.Equal(2, limits.Failures.Count());
        var lifecycle = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IOptions<LifecycleOptions>>().Value);
        Assert.Contains("IdleTimeout", lifecycle.Message, StringComparison.Ordinal);
        Assert.Throws<OptionsValidationException>(
            () => provider.GetRequiredService<ISandboxOperator>().WaitUntilAliveAsync(default, default).IsCompleted);
    }

    [Fact]
    public void Limits_ThatContradictEachOther_AreAllNamed()
    {
        using var provider = Provider(
            new() { ["Limits:MinStartup"] = "01:00:00", ["Limits:MaxPids"] = "100", ["Limits:DefaultDisk"] = "1t" });

        var limits = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IOptions<SpecLimits>>().Value);

        Assert.Equal(3, limits.Failures.Count());
    }

    [Fact]
    public void Options_FromTheConfiguration_ReachThePolicies()
    {
        using var provider = Provider(
            new() { ["Lifecycle:AutoDelete"] = "00:01:00", ["Limits:MaxMemory"] = "1g", ["Security:AllowPrivileged"] = "true" });

        var effective = provider.GetRequiredService<AutoPolicy>().Resolve(null, TimeSpan.FromHours(1));

        Assert.Equal(TimeSpan.FromMinutes(1), effective.Delete);
        Assert.Equal("1g", provider.GetRequiredService<IOptions<SpecLimits>>().Value.MaxMemory);
        Assert.True(provider.GetRequiredService<IOptions<SecurityPolicy>>().Value.AllowPrivileged);
    }

    private ServiceProvider Provider(Dictionary<string, string?> settings) => new ServiceCollection()
        .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build())
        .AddSingleton<IPlacement, Anywhere>()
        .AddStandaloneStorage(_folder.File("sandboxes.db"))
        .AddSandboxOperator()
        .BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true });

    private sealed class Anywhere : IPlacement
    {
        public Task<SandboxError?> CheckAsync(SandboxSpec spec, CancellationToken cancellationToken) =>
            Task.FromResult<SandboxError?>(null);

        public Task<DeploymentKind> ChooseAsync(CancellationToken cancellationToken) => Task.FromResult(DeploymentKind.Local);
    }
}
