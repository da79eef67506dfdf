using System.Buffers.Binary;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Sandbox.Agent.Tests.Running;
using Sandbox.Testing;

namespace Sandbox.Agent.Tests.Envd;

public sealed class FilesystemTests(AgentFixture agent) : IClassFixture<AgentFixture>, IDisposable
{
    private const string Service = "/envd/filesystem.Filesystem/";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Stat_File_TellsAllOfIt()
    {
        await File.WriteAllTextAsync(_folder.File("f"), "12345");

        var entry = (await CallAsync("Stat", new { path = _folder.File("f") }, 200))["entry"]!;

        Assert.Equal(("f", "FILE_TYPE_FILE", "5"), ((string?)entry["name"], (string?)entry["type"], (string?)entry["size"]));
        Assert.Equal(("-rw-r--r--", 420), ((string?)entry["permissions"], (int)entry["mode"]!));
        Assert.Equal(Environment.UserName, (string?)entry["owner"]);
    }

    [Fact]
    public async Task FilesystemCalls_OneAfterTheOther_DoWhatTheySay()
    {
        await CallAsync("MakeDir", new { path = _folder.File("a/b") }, 200);
        await CallAsync("Move", new { source = _folder.File("a/b"), destination = _folder.File("c/d") }, 200);
        var listed = await CallAsync("ListDir", new { path = _folder.Path, depth = 2 }, 200);
        await CallAsync("Remove", new { path = _folder.File("c") }, 200);
        await CallAsync("Remove", new { path = _folder.File("c") }, 200);

        Assert.Equal(["a", "c", "d"], ((JsonArray)listed["entries"]!).Select(entry => (string?)entry!["name"]));
        Assert.Equal([_folder.File("a")], Directory.GetFileSystemEntries(_folder.Path));
    }

    [Theory]
    [InlineData("Stat", "missing", 404, "not_found")]
    [InlineData("ListDir", "missing", 404, "not_found")]
    [InlineData("ListDir", "file", 400, "invalid_argument")]
    [InlineData("MakeDir", "folder", 409, "already_exists")]
    [InlineData("MakeDir", "file", 400, "invalid_argument")]
    [InlineData("Stat", "nul\0", 400, "invalid_argument")]
    public async Task FilesystemCalls_OnWhatIsWrong_AnswerTheCode(string method, string name, int status, string code)
    {
        await File.WriteAllTextAsync(_folder.File("file"), "");
        Directory.CreateDirectory(_folder.File("folder"));

        Assert.Equal(code, (string?)(await CallAsync(method, new { path = $"{_folder.Path}/{name}" }, status))["code"]);
    }

    [Fact]
    public async Task Move_OfNothing_IsNotFound() =>
        Assert.Equal(
            "not_found",
            (string?)(await CallAsync("Move", new { source = _folder.File("no"), destination = _folder.File("x") }, 404))["code"]);

    [Fact]
    public async Task Watch_Upload_IsSeenAsAFileThatWasWritten()
    {
        await UploadAsync("f", "old");
        await using var watch = await WatchAsync(new { path = _folder.Path, includeEntry = true });

        await UploadAsync("f", "changed");
        await UploadAsync("g", "new");

        // Written in place, it may be told more than once, and before it has all its bytes.
        var (last, next) = (await watch.NextAsync(), await watch.NextAsync());
        Assert.Equal(("f", "EVENT_TYPE_WRITE"), (last.Name, last.Type));
        while (next.Name == "f")
        {
            Assert.Equal("EVENT_TYPE_WRITE", next.Type);
            (last, next) = (next, await watch.NextAsync());
        }

        Assert.Equal("7", last.Size);

        Assert.Equal(("g", "EVENT_TYPE_CREATE", "3"), next);
        Assert.Equal(("g", "EVENT_TYPE_WRITE", "3"), await watch.NextAsync());
    }

    [Fact]
    public async Task Watch_OtherChanges_AreToldApart()
    {
        await File.WriteAllTextAsync(_folder.File("f"), "old");
        await using var watch = await WatchAsync(new { path = _folder.Path });

        File.SetUnixFileMode(_folder.File("f"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.Move(_folder.File("f"), _folder.File("g"));
        File.Delete(_folder.File("g"));

        Assert.Equal(("f", "EVENT_TYPE_CHMOD", null), await watch.NextAsync());
        Assert.Equal(("f", "EVENT_TYPE_RENAME", null), await watch.NextAsync());
        Assert.Equal(("g", "EVENT_TYPE_CREATE", null), await watch.NextAsync());
        Assert.Equal(("g", "EVENT_TYPE_REMOVE", null), await watch.NextAsync());
    }

    [Fact]
    public async Task Watch_Recursive_SeesNewFoldersAndWhatIsInThem()
    {
        Directory.CreateDirectory(_folder.File("old/deep"));
        Directory.CreateDirectory($"{_folder.Path}.moved/inner");
        await File.WriteAllTextAsync($"{_folder.Path}.moved/inner/before", "");
        await using var watch = await WatchAsync(new { path = _folder.Path, recursive = true });

        await File.WriteAllTextAsync(_folder.File("old/deep/x"), "");
        Assert.Equal("old/deep/x", (await watch.NextAsync()).Name);
        Directory.Move($"{_folder.Path}.moved", _folder.File("in"));
        await watch.UntilAsync("in/inner/before");
        await File.WriteAllTextAsync(_folder.File("in/inner/after"), "content");
        await watch.UntilAsync("in/inner/after");
    }

    // C25
    [Theory]
    [InlineData(true, "EVENT_TYPE_REMOVE")]
    [InlineData(false, "EVENT_TYPE_RENAME")]
    public async Task Watch_OfAFolderThatGoes_TellsItAndEnds(bool removed, string type)
    {
        Directory.CreateDirectory(_folder.File("d"));
        await using var watch = await WatchAsync(new { path = _folder.File("d"), includeEntry = true });
        var id = (string?)(await CallAsync("CreateWatcher", new { path = _folder.File("d") }, 200))["watcherId"];

        if (removed)
        {
            Directory.Delete(_folder.File("d"));
        }
        else
        {
            Directory.Move(_folder.File("d"), _folder.File("e"));
        }

        Assert.Equal((".", type, null), await watch.NextAsync());
        Assert.Equal("{}", (await watch.ReadAsync()).ToJsonString());

        // The kernel tells the agent in its own time.
        JsonArray events;
        do
        {
            events = (JsonArray)(await CallAsync("GetWatcherEvents", new { watcherId = id }, 200))["events"]!;
        }
        while (events.Count == 0);

        Assert.Equal(type, (string?)events[0]!["type"]);
        Assert.Equal("not_found", (string?)(await CallAsync("GetWatcherEvents", new { watcherId = id }, 404))["code"]);
    }

    [Theory]
    [InlineData("missing", "not_found")]
    [InlineData("file", "invalid_argument")]
    public async Task Watch_OfWhatIsNoFolder_EndsWithTheCode(string name, string code)
    {
        await File.WriteAllTextAsync(_folder.File("file"), "");

        await using var watch = await OpenAsync(new { path = _folder.File(name) });

        Assert.Equal(code, (string?)(await watch.ReadAsync())["error"]!["code"]);
    }

    [Fact]
    public async Task Watch_Silent_SendsKeepalives()
    {
        await using var watch = await WatchAsync(new { path = _folder.Path }, keepalive: "1");

        Assert.Equal("""{"keepalive":{}}""", (await watch.ReadAsync()).ToJsonString());
    }

    [Fact]
    public async Task Watcher_AskedAgainAndAgain_TellsEachChangeOnce()
    {
        var id = (string?)(await CallAsync("CreateWatcher", new { path = _folder.Path }, 200))["watcherId"];
        Directory.CreateDirectory(_folder.File("x"));

        // The kernel tells the agent in its own time.
        var events = new List<string?>();
        while (events.Count == 0)
        {
            var answer = await CallAsync("GetWatcherEvents", new { watcherId = id }, 200);
            events.AddRange(((JsonArray)answer["events"]!).Select(change => (string?)change!["name"]));
        }

        await CallAsync("RemoveWatcher", new { watcherId = id }, 200);

        Assert.Equal(["x"], events);
        Assert.Equal("not_found", (string?)(await CallAsync("GetWatcherEvents", new { watcherId = id }, 404))["code"]);
    }

    private async Task<JsonNode> CallAsync(string method, object request, int status)
    {
        using var answer = await agent.Http.PostAsJsonAsync(Service + method, request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == status, text);
        return JsonNode.Parse(text)!;
    }

    private async Task UploadAsync(string name, string content)
    {
        using var body = new StringContent(content, new MediaTypeHeaderValue("application/octet-stream"));
        using var answer = await agent.Http.PostAsync($"/envd/files?path={_folder.File(name)}", body);
        answer.EnsureSuccessStatusCode();
    }

    private async Task<WatchStream> WatchAsync(object request, string? keepalive = null)
    {
        var watch = await OpenAsync(request, keepalive);
        Assert.Equal("""{"start":{}}""", (await watch.ReadAsync()).ToJsonString());
        return watch;
    }

    private async Task<WatchStream> OpenAsync(object request, string? keepalive = null)
    {
        var json = JsonContent.Create(request);
        var bytes = await json.ReadAsByteArrayAsync();
        var envelope = new byte[5 + bytes.Length];
        BinaryPrimitives.WriteInt32BigEndian(envelope.AsSpan(1), bytes.Length);
        bytes.CopyTo(envelope, 5);
        using var message = new HttpRequestMessage(HttpMethod.Post, Service + "WatchDir")
        {
            Content = new ByteArrayContent(envelope) { Headers = { ContentType = new MediaTypeHeaderValue("application/connect+json") } },
        };
        message.Headers.Add("Keepalive-Ping-Interval", keepalive ?? "50");
        var answer = await agent.Http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead);
        return new WatchStream(answer, await answer.Content.ReadAsStreamAsync());
    }

    private sealed class WatchStream(HttpResponseMessage answer, Stream body) : IAsyncDisposable
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

        public async Task<JsonNode> ReadAsync()
        {
            using var limit = new CancellationTokenSource(Patience);
            var header = new byte[5];
            await body.ReadExactlyAsync(header, limit.Token);
            var json = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(1))];
            await body.ReadExactlyAsync(json, limit.Token);
            return JsonNode.Parse(Encoding.UTF8.GetString(json))!;
        }

        public async Task<(string? Name, string? Type, string? Size)> NextAsync()
        {
            var change = (await ReadAsync())["filesystem"]!;
            return ((string?)change["name"], (string?)change["type"], (string?)change["entry"]?["size"]);
        }

        /// <summary>Passes over others: what a folder holds may be told more than once.</summary>
        public async Task UntilAsync(string name)
        {
            while ((await NextAsync()).Name != name)
            {
            }
        }

        public async ValueTask DisposeAsync()
        {
            await body.DisposeAsync();
            answer.Dispose();
        }
    }
}
