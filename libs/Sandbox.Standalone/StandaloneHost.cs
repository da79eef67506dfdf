using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Sandbox.Api.Auth;

namespace Sandbox.Standalone;

/// <summary>The standalone server: it owns its data folder from start to disposal.</summary>
public sealed class StandaloneHost : IAsyncDisposable
{
    private const UnixFileMode OwnersSocket = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly WebApplication _app;
    private readonly DataFolder _folder;
    private readonly ConnectionDrain _drain;

    private StandaloneHost(WebApplication app, DataFolder folder, ConnectionDrain drain) =>
        (_app, _folder, _drain) = (app, folder, drain);

    /// <summary>Where this machine's owner of the folder is served, without a key.</summary>
    public string SocketPath => _folder.Socket;

    /// <summary>Where others are served, with the real port; null where nothing but the socket listens.</summary>
    public string? Url => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses
        .FirstOrDefault(address => !address.Contains("unix:", StringComparison.Ordinal));

    /// <summary>An API key of this life of the server, good for everything, whose being there asks no key of other callers.</summary>
    public string OwnerKey { get; private init; } = "";

    /// <summary>A sentence of warning where sandboxes are less than containers; null: none is needed.</summary>
    /// <param name="localWasAsked">Whether the person chose Local, rather than fell back to it.</param>
    public Task<string?> DescribeIsolationAsync(bool localWasAsked, CancellationToken cancellationToken) =>
        _app.Services.GetRequiredService<Isolation>().DescribeAsync(localWasAsked, cancellationToken);

    public static async Task<StandaloneStart> StartAsync(StandaloneOptions options, CancellationToken cancellationToken)
    {
        switch (DataFolder.Claim(options.DataFolder))
        {
            case FolderClaim.Owned owned:
                return await StartAsync(options, owned.Folder, cancellationToken);
            case FolderClaim.Unusable unusable:
                return new StandaloneStart.Refused(unusable.Reason);
            default:
                return new StandaloneStart.InUse();
        }
    }

    /// <summary>Ends when the server stops, be it by itself because a part of it failed.</summary>
    public CancellationToken Stopping => _app.Lifetime.ApplicationStopping;

    /// <summary>Completes when no other client uses the server and none can connect any more.</summary>
    public async Task WaitUntilUnusedAsync(CancellationToken cancellationToken)
    {
        while (!_drain.TryClose())
        {
            await _drain.WhenNone().WaitAsync(cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        File.Delete(_folder.Socket);
        _folder.Dispose();
    }

    private static async Task<StandaloneStart> StartAsync(StandaloneOptions options, DataFolder folder, CancellationToken cancellationToken)
    {
        // Left by an owner that was killed; we hold the lock, so no process listens there.
        File.Delete(folder.Socket);
        var drain = new ConnectionDrain();
        WebApplication? app = null;
        try
        {
            // Another one for each life: what was shown to a process that took the port of an earlier one opens nothing.
            var ownerKey = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
            app = Composition.Build(options, folder, drain, ownerKey);
            await app.StartAsync(cancellationToken);
            File.SetUnixFileMode(folder.Socket, OwnersSocket);
            return new StandaloneStart.Started(new StandaloneHost(app, folder, drain) { OwnerKey = ownerKey });
        }
        catch (Exception exception)
        {
            if (app is not null)
            {
                // Parts of it may run already; they are told to end, rather than cut off.
                await app.StopAsync(CancellationToken.None);
                await app.DisposeAsync();
            }

            folder.Dispose();
            if (exception is ExposureRefusedException or OptionsValidationException or IOException or CryptographicException)
            {
                return new StandaloneStart.Refused(exception.Message);
            }

            throw;
        }
    }
}
