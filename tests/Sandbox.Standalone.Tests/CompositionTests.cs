using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Sandbox.Testing;

namespace Sandbox.Standalone.Tests;

public sealed class CompositionTests
{
    /// <summary>Without these a stalled body, or an answer that nobody reads, is held for ever.</summary>
    [Fact]
    public async Task Listener_OfTheServer_EndsWhatIsTooSlow()
    {
        using var temp = new TempFolder();
        var claim = Assert.IsType<FolderClaim.Owned>(DataFolder.Claim(temp.File("data")));
        using var folder = claim.Folder;
        await using var app = Composition.Build(
            new StandaloneOptions { DataFolder = folder.Path }, folder, new ConnectionDrain(), ownerKey: "key");

        var limits = app.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits;

        Assert.NotNull(limits.MinRequestBodyDataRate);
        Assert.NotNull(limits.MinResponseDataRate);
        Assert.NotNull(limits.MaxConcurrentConnections);
    }
}
