using Microsoft.Extensions.Options;
using Sandbox.Api.Caching;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Storage;

namespace Sandbox.Api.Mirrors;

/// <summary>Lets a start use the copy of its image that a mirror has. What was found out is kept for a minute: starts of one image that
/// come meanwhile ask no registry, and those that come at once ask once.</summary>
internal sealed partial class ImageMirrors(
    CurrentOptions<StartOptions> options, IOptions<ImagePolicy> policy, RegistryManifests manifests, TimeProvider time,
    ILogger<ImageMirrors> logger) : IDisposable
{
    private const int MostImages = 4096;

    private static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(60);

    private readonly Lock _lock = new();
    private StartOptions? _asked;
    private TtlCache<Task<MirroredImage?>>? _found;

    /// <summary>The request, or the same with the name of the copy and the mirror's credentials.</summary>
    public async Task<StartRequest> RewriteAsync(StartRequest request, CancellationToken cancellationToken)
    {
        var start = options.Value;
        if (start.Mirrors.Count == 0 || ImageReference.Parse(request.Image.Trim()) is not { IsReserved: false } image
            || !start.IsMirrored(image) || image.IsPlatforms || policy.Value.IsShared(image)
            || start.Mirrors.Any(mirror => mirror.Registry.Equals(image.Host, StringComparison.OrdinalIgnoreCase)))
        {
            return request;
        }

        return await Find(start, image).WaitAsync(cancellationToken) is { } copy
            ? request with { Image = copy.Name, RegistryUsername = copy.Username, RegistryPassword = copy.Password }
            : request;
    }

    public void Dispose() => _found?.Dispose();

    /// <summary>Never fails: what no mirror has is pulled from where its name says.</summary>
    private Task<MirroredImage?> Find(StartOptions start, ImageReference image)
    {
        lock (_lock)
        {
            if (_found is null || !ReferenceEquals(start, _asked))
            {
                _found?.Dispose();
                (_asked, _found) = (start, new TtlCache<Task<MirroredImage?>>(KeptFor, MostImages, time));
            }

            if (_found.TryGet(image.Name, out var known) && known is not null)
            {
                return known;
            }

            var finding = FindAsync(start, image);
            _found.Set(image.Name, finding, time.GetTimestamp());
            return finding;
        }
    }

    private async Task<MirroredImage?> FindAsync(StartOptions start, ImageReference image)
    {
        // Nobody waits under the lock.
        await Task.Yield();
        foreach (var mirror in start.Mirrors)
        {
            try
            {
                foreach (var path in PathsOf(mirror, image))
                {
                    // Without any caller's token: others wait for the same answer.
                    if (await manifests.HasAsync(mirror, path, image.Tag!, CancellationToken.None))
                    {
                        return new MirroredImage(
                            $"{mirror.Registry}/{path}:{image.Tag}", mirror.Username.Length > 0 ? mirror.Username : null,
                            mirror.Username.Length > 0 ? mirror.Password : null);
                    }
                }
            }
            catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
            {
                Log.NoAnswer(logger, mirror.Registry, image.Name, exception.Message);
            }
        }

        return null;
    }

    private static IEnumerable<string> PathsOf(RegistryMirror mirror, ImageReference image) =>
        mirror.Namespace.Length == 0 ? [image.Path] : [image.Path, $"{mirror.Namespace}/{image.Path[(image.Path.LastIndexOf('/') + 1)..]}"];

    private sealed record MirroredImage(string Name, string? Username, string? Password)
    {
        public override string ToString() => Name;
    }

    private static partial class Log
    {
        [LoggerMessage(5121, LogLevel.Warning, "The mirror {Registry} does not say whether it has {Image}: {Reason}")]
        public static partial void NoAnswer(ILogger logger, string registry, string image, string reason);
    }
}
