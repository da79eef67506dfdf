using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Cluster.Tests;

/// <summary>A file that is larger than what any process on its way may take: it goes through the API and the worker as a stream,
/// there and back.</summary>
[Collection(nameof(SharedClusterCollection))]
public sealed class LargeFileTests(ClusterFixture fixture)
{
    private const long Megabyte = 1 << 20;
    private const int Size = 256;

    /// <summary>What a process may grow by at most while the file goes through it: half of it would be as wrong as all of it.</summary>
    private const long MayGrow = 96 * Megabyte;

    private RockCaller Caller => fixture.Cluster.Callers[0];

    [NeedsDockerFact]
    public async Task File_OfHundredsOfMegabytes_GoesThroughApiAndWorker_AndNeitherKeepsIt()
    {
        var id = $"large-{Guid.NewGuid():N}";
        await Caller.RunAsync(id);
        using (var small = await SendAsync(HttpMethod.Post, id, new Megabytes(1)))
        {
            Assert.Equal(HttpStatusCode.OK, small.StatusCode);
        }

        var before = Peaks();
        var content = new Megabytes(Size);
        using (var uploaded = await SendAsync(HttpMethod.Post, id, content))
        {
            Assert.True(
                uploaded.IsSuccessStatusCode,
                $"the upload was to succeed: {uploaded.StatusCode} {await uploaded.Content.ReadAsStringAsync()}");
        }

        Assert.StartsWith(content.Hash, await Caller.ExecuteAsync(id, "sha256sum /large"), StringComparison.Ordinal);
        using (var downloaded = await SendAsync(HttpMethod.Get, id, content: null))
        {
            await using var stream = await downloaded.Content.ReadAsStreamAsync();
            Assert.Equal(content.Hash, Convert.ToHexStringLower(await SHA256.HashDataAsync(stream)));
        }

        foreach (var (process, peak) in Peaks())
        {
            var grown = peak - before[process];
            Assert.True(
                grown < MayGrow,
                $"{process} grew by {grown / Megabyte} MiB while {Size} MiB went through it; "
                + $"at most {MayGrow / Megabyte} would be a stream");
        }

        await Caller.MustPostAsync("stop", new { sandbox_id = id });
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string id, HttpContent? content)
    {
        using var request = new HttpRequestMessage(method, "/files?path=%2Flarge") { Content = content };
        request.Headers.Add("E2b-Sandbox-Id", id);
        return await Caller.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>The most memory that each process has had so far, bytes.</summary>
    private Dictionary<string, long> Peaks() =>
        fixture.Cluster.Apis.Concat(fixture.Cluster.Workers).ToDictionary(process => process.Name, process =>
    {
        var line = File.ReadLines($"/proc/{process.ProcessId}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    });

    /// <summary>So many megabytes, no two alike, made while they are sent.</summary>
    private sealed class Megabytes : HttpContent
    {
        private readonly int _count;

        public Megabytes(int count)
        {
            _count = count;
            Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        }

        /// <summary>Of what was sent.</summary>
        public string Hash { get; private set; } = "";

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var random = new Random(_count);
            var piece = new byte[Megabyte];
            for (var number = 0; number < _count; number++)
            {
                random.NextBytes(piece);
                hash.AppendData(piece);
                await stream.WriteAsync(piece);
            }

            Hash = Convert.ToHexStringLower(hash.GetHashAndReset());
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _count * Megabyte;
            return true;
        }
    }
}
