using Microsoft.Extensions.DependencyInjection;
using Sandbox.Domain.Policies;
using Sandbox.Storage;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Standalone.Tests;

/// <summary>The settings file of the data folder, changed while the server runs.</summary>
public sealed class ChangedSettingsTests : IDisposable
{
    private readonly TempFolder _temp = new();
    private readonly FolderClaim.Owned _claim;

    public ChangedSettingsTests() => _claim = Assert.IsType<FolderClaim.Owned>(DataFolder.Claim(_temp.File("data")));

    public void Dispose()
    {
        _claim.Folder.Dispose();
        _temp.Dispose();
    }

    [Fact]
    public async Task File_WrittenWhileTheServerRuns_TakesEffectEachTime()
    {
        await using var app = Composition.Build(
            new StandaloneOptions { DataFolder = _claim.Folder.Path }, _claim.Folder, new ConnectionDrain(), ownerKey: "key");
        var limits = app.Services.GetRequiredService<CurrentOptions<SpecLimits>>();
        var before = limits.Value.MaxCpus;

        Write("""{"Limits":{"MaxCpus":3}}""");
        await Wait.UntilAsync(() => Task.FromResult(limits.Value.MaxCpus == 3), () => "the new limit holds");
        Write("""{"Limits":{"MaxCpus":4}}""");
        await Wait.UntilAsync(() => Task.FromResult(limits.Value.MaxCpus == 4), () => "the last limit holds");

        Assert.Equal(16, before);
    }

    private void Write(string text) => File.WriteAllText(Path.Combine(_claim.Folder.Path, "appsettings.json"), text);
}
