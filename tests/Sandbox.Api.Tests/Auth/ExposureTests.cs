using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sandbox.Api.Auth;
using Sandbox.Api.Tests.Servers;
using Sandbox.Domain.Stores;
using Sandbox.Storage;
using Sandbox.Testing;

namespace Sandbox.Api.Tests.Auth;

/// <summary>No anonymous network exposure: the server does not even bind.</summary>
public sealed class ExposureTests : IDisposable
{
    private static readonly string Hash = new('0', 64);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("http://0.0.0.0:0", "0.0.0.0:0")]
    [InlineData("http://[::]:0", "[::]:0")]
    public async Task Start_OnAnAddressOthersReachWithoutKeys_IsRefused(string url, string endpoint)
    {
        await using var app = Build(url);

        var refused = await Assert.ThrowsAsync<ExposureRefusedException>(() => app.StartAsync());

        Assert.Equal(
            $"Refusing to listen on {endpoint}: other machines could use this server without a key. "
            + "Listen on 127.0.0.1, or configure API keys (Api:KeyFile, Api:KeyHashes, or sandbox key create).",
            refused.Message);
    }

    [Fact]
    public async Task Start_OnAListenerSetInCode_IsRefusedToo()
    {
        await using var app = Build("", kestrel => kestrel.ListenAnyIP(0));

        await Assert.ThrowsAsync<ExposureRefusedException>(() => app.StartAsync());
    }

    [Fact]
    public async Task Start_OnThatAddressWithAKey_Listens()
    {
        await using var app = Build("http://0.0.0.0:0", settings: ("Api:KeyHashes:0", Hash));

        await app.StartAsync();

        Assert.NotEmpty(app.Urls);
        await app.StopAsync();
    }

    [Fact]
    public async Task Start_OnThatAddressWithAKeyInTheStore_Listens()
    {
        await using var app = Build("http://0.0.0.0:0");
        var key = new ApiKey("one", Tenant.Default, "", new byte[32], IsAdmin: false, DateTimeOffset.UnixEpoch, null, null);
        Assert.True(await app.Services.GetRequiredService<ITenantStore>().TryAddKeyAsync(key, default));

        await app.StartAsync();

        Assert.NotEmpty(app.Urls);
        await app.StopAsync();
    }

    [Fact]
    public async Task Start_OnThatAddressWithARevokedKeyOnly_IsRefused()
    {
        await using var app = Build("http://0.0.0.0:0");
        var tenants = app.Services.GetRequiredService<ITenantStore>();
        var key = new ApiKey("one", Tenant.Default, "", new byte[32], IsAdmin: false, DateTimeOffset.UnixEpoch, null, null);
        Assert.True(await tenants.TryAddKeyAsync(key, default));
        Assert.True(await tenants.TryRevokeKeyAsync("one", default));

        await Assert.ThrowsAsync<ExposureRefusedException>(() => app.StartAsync());
    }

    [Theory]
    [InlineData("http://127.0.0.1:0")]
    [InlineData("http://127.0.0.2:0")]
    public async Task Start_OnLoopbackWithoutKeys_Listens(string url)
    {
        await using var app = Build(url);

        await app.StartAsync();

        Assert.NotEmpty(app.Urls);
        await app.StopAsync();
    }

    [Theory]
    [InlineData("Api:KeyFile", "/nowhere/keys", "Api:KeyFile: there is no file /nowhere/keys.")]
    [InlineData("Api:KeyHashes:0", "abc", "Api:KeyHashes: each must be the 64 hexadecimal digits of a SHA-256 hash.")]
    [InlineData("Api:TimeZone", "Mars/Olympus", "Api:TimeZone: this machine knows no zone Mars/Olympus.")]
    [InlineData("Api:MaxJsonBody", "1", "MaxJsonBody")]
    [InlineData("Api:TrustedProxies:0", "everybody", "Api:TrustedProxies: 'everybody' is no address and no network such as 10.0.0.0/24.")]
    public async Task Start_WithOptionsThatCannotBe_IsRefused(string name, string value, string text)
    {
        await using var app = Build("http://127.0.0.1:0", settings: (name, value));

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => app.StartAsync());

        Assert.Contains(text, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithAKeyFileWithoutKeys_IsRefused()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.File("keys"), "# none yet\n");
        await using var app = Build("http://127.0.0.1:0", settings: ("Api:KeyFile", folder.File("keys")));

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => app.StartAsync());

        Assert.Equal($"Api:KeyFile: {folder.File("keys")} holds no key.", refused.Message);
    }

    [Fact]
    public async Task Start_WithAKeyFileThatEverybodyMayWrite_IsRefused()
    {
        using var folder = new TempFolder();
        var keys = folder.File("keys");
        await File.WriteAllTextAsync(keys, "a key\n");
        File.SetUnixFileMode(keys, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite);
        await using var app = Build("http://127.0.0.1:0", settings: ("Api:KeyFile", keys));

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => app.StartAsync());

        Assert.Equal($"Api:KeyFile: every user can write {keys}; chmod 600 it.", refused.Message);
    }

    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite, 0)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead, 1)]
    public async Task Start_WithAKeyFileThatOthersMayRead_WarnsOfIt(UnixFileMode mode, int warnings)
    {
        using var folder = new TempFolder();
        var keys = folder.File("keys");
        await File.WriteAllTextAsync(keys, "a key\n");
        File.SetUnixFileMode(keys, mode);

        await using var server = await ApiServer.StartAsync(("Api:KeyFile", keys));

        const string Warning = "3902 Api:KeyFile: other users of this machine can read";
        Assert.Equal(warnings, server.Logs.Lines.Count(line => line.StartsWith(Warning, StringComparison.Ordinal)));
    }

    private WebApplication Build(
        string url, Action<Microsoft.AspNetCore.Server.Kestrel.Core.KestrelServerOptions>? listen = null,
        params (string Name, string Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(settings.Select(one => KeyValuePair.Create(one.Name, (string?)one.Value)));
        builder.Services.AddStandaloneStorage(_folder.File("sandboxes.db")).AddApi();
        ApiServer.AddStandIns(builder.Services);
        if (url.Length > 0)
        {
            builder.WebHost.UseUrls(url);
        }

        builder.WebHost.ConfigureKestrel(listen ?? (_ => { }));
        return builder.Build();
    }
}
