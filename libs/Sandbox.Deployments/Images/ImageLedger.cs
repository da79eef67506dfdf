using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Files;
using Sandbox.Node;

namespace Sandbox.Deployments.Images;

/// <summary>
/// Which tenant's pull of which image was allowed by its registry, and when each image was last used: the file <c>images.json</c> of
/// the node's data folder. A lost file costs pulls and gives nothing away. An image is its id, so a name that comes to mean
/// another image carries no grant over.
/// </summary>
internal sealed partial class ImageLedger
{
    private static readonly TimeSpan UsedWithin = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private readonly string _file;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly byte[] _key;
    private readonly Dictionary<string, ImageRecord> _images;
    private TaskCompletionSource _nextPull = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ImageLedger(IOptions<WorkerOptions> worker, TimeProvider time, ILogger<ImageLedger> logger)
    {
        (_file, _time, _logger) = (Path.Combine(Path.GetFullPath(worker.Value.DataFolder), "images.json"), time, logger);
        var content = Read();
        (_key, _images) = (content.Key, content.Images);
    }

    /// <summary>Completes when a pull has brought an image that the engine did not have.</summary>
    public Task NextPull
    {
        get
        {
            lock (_lock)
            {
                return _nextPull.Task;
            }
        }
    }

    /// <summary>What stands for credentials in a grant: they cannot be told from it without the file's key.</summary>
    public string Fingerprint(string? username, string? password) => username is null
        ? "" : Convert.ToHexStringLower(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes($"{username}\n{password}")));

    public bool IsGranted(string image, string tenant, string credentials)
    {
        lock (_lock)
        {
            return _images.TryGetValue(image, out var record) && record.Grants.Contains(new ImageGrant(tenant, credentials));
        }
    }

    /// <summary>The registry allowed this pull.</summary>
    /// <param name="wasAbsent">The engine had no image of that id before.</param>
    public void Grant(string image, string tenant, string credentials, bool wasAbsent)
    {
        lock (_lock)
        {
            var before = _images.GetValueOrDefault(image) ?? new ImageRecord(default, wasAbsent ? tenant : null, []);
            var grant = new ImageGrant(tenant, credentials);
            _images[image] = before with
            {
                LastUsed = _time.GetUtcNow(),
                Grants = before.Grants.Contains(grant) ? before.Grants : [.. before.Grants, grant],
            };
            Write();
            if (wasAbsent)
            {
                _nextPull.SetResult();
                _nextPull = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }

    /// <summary>A sandbox was started from it; of an image that is not known nothing is kept.</summary>
    public void Use(string image)
    {
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            if (_images.TryGetValue(image, out var record) && now - record.LastUsed > UsedWithin)
            {
                _images[image] = record with { LastUsed = now };
                Write();
            }
        }
    }

    /// <summary>Whether no tenant but this one was allowed it, and it was this one's start that brought it.</summary>
    public bool IsOnlyOf(string image, string tenant)
    {
        lock (_lock)
        {
            return _images.TryGetValue(image, out var record) && record.PulledFor == tenant
                && record.Grants.All(grant => grant.Tenant == tenant);
        }
    }

    public bool IsGrantedToAnother(string image, string tenant)
    {
        lock (_lock)
        {
            return _images.TryGetValue(image, out var record) && record.Grants.Any(grant => grant.Tenant != tenant);
        }
    }

    /// <summary>All, the one that was not used for longest first.</summary>
    public IReadOnlyList<(string Image, ImageRecord Record)> ByLastUse()
    {
        lock (_lock)
        {
            return [.. _images.OrderBy(one => one.Value.LastUsed).Select(one => (one.Key, one.Value))];
        }
    }

    /// <summary>The engine does not have them any more.</summary>
    public void Forget(IReadOnlyCollection<string> images)
    {
        lock (_lock)
        {
            var known = _images.Count;
            foreach (var image in images)
            {
                _images.Remove(image);
            }

            if (_images.Count < known)
            {
                Write();
            }
        }
    }

    private Content Read()
    {
        try
        {
            if (File.Exists(_file) && JsonSerializer.Deserialize<Content>(File.ReadAllBytes(_file)) is { Key.Length: > 0 } content)
            {
                return content;
            }
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            Log.Unreadable(_logger, _file, exception.Message);
        }

        return new Content(RandomNumberGenerator.GetBytes(32), []);
    }

    private void Write()
    {
        try
        {
            OwnerOnlyFile.EnsureFolder(Path.GetDirectoryName(_file)!);
            OwnerOnlyFile.Write(_file, stream => JsonSerializer.Serialize(stream, new Content(_key, _images)));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It stays in memory; after a restart the registry is asked again.
            Log.NotWritten(_logger, _file, exception.Message);
        }
    }

    private sealed record Content(byte[] Key, Dictionary<string, ImageRecord> Images);

    private static partial class Log
    {
        [LoggerMessage(3040, LogLevel.Warning, "The record of allowed images {File} cannot be read, registries are asked anew: {Reason}")]
        public static partial void Unreadable(ILogger logger, string file, string reason);

        [LoggerMessage(3041, LogLevel.Warning, "The record of allowed images {File} cannot be written: {Reason}")]
        public static partial void NotWritten(ILogger logger, string file, string reason);
    }
}
