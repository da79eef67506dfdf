using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Sandbox.Api.Tests.Servers;
using Sandbox.Contracts.Ids;
using Sandbox.Testing;

namespace Sandbox.Api.Tests.Rock;

public sealed class RockAuthorizationTests : IDisposable
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(number => (byte)number)];

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task XKey_OfAStart_IsInListsEncryptedAsRockDoesIt()
    {
        await using var server = await StartAsync(("Api:AuthorizationKeyFile", GivenKeyFile(Convert.ToBase64String(Key))));
        await StartAsync(server, "a", "Bearer of-a");
        await StartAsync(server, "b", null);

        var (a, b) = (await EncryptedAsync(server, "a"), await EncryptedAsync(server, "b"));

        Assert.Null(b);
        var box = Convert.FromBase64String(a!);
        var plain = new byte[box.Length - 12 - 16];
        using var aes = new AesGcm(Key, 16);
        aes.Decrypt(box.AsSpan(0, 12), box.AsSpan(12, plain.Length), box.AsSpan(12 + plain.Length), plain);
        Assert.Equal("Bearer of-a", Encoding.UTF8.GetString(plain));
        var status = await server.GetAsync("/get_status?sandbox_id=a");
        Assert.DoesNotContain("of-a", status, StringComparison.Ordinal);
        Assert.DoesNotContain(a!, status, StringComparison.Ordinal);
    }

    [Fact]
    public async Task XKey_OfTwoStarts_IsNotTheSameText()
    {
        await using var server = await StartAsync(("Api:AuthorizationKeyFile", GivenKeyFile(Convert.ToBase64String(Key))));
        await StartAsync(server, "a", "same");
        await StartAsync(server, "b", "same");

        Assert.NotEqual(await EncryptedAsync(server, "a"), await EncryptedAsync(server, "b"));
    }

    [Fact]
    public async Task XKey_WithoutAKeyFile_IsKeptNowhere()
    {
        await using var server = await StartAsync();
        await StartAsync(server, "a", "secret-of-a");

        Assert.Null(await EncryptedAsync(server, "a"));
        Assert.Null((await server.Store.FindAsync(SandboxId.Parse("a"), default))!.Spec.EncryptedAuthorization);
    }

    [Fact]
    public async Task XKey_OfADeletedSandbox_IsGone()
    {
        await using var server = await StartAsync(("Api:AuthorizationKeyFile", GivenKeyFile(Convert.ToBase64String(Key))));
        await StartAsync(server, "a", "secret-of-a");
        await server.PostAsync("/stop", """{"sandbox_id":"a"}""");
        await server.PostAsync("/delete", """{"sandbox_id":"a"}""");

        Assert.Null((await server.Store.FindAsync(SandboxId.Parse("a"), default))!.Spec.EncryptedAuthorization);
    }

    [Fact]
    public async Task Archive_WithAList_IsForWhatTheListHasOnly()
    {
        var hash = Convert.ToHexString(SHA256.HashData("archiver"u8));
        await using var server = await StartAsync(("Api:ArchiveKeyHashes:0", hash));
        var id = await server.GivenStoppedAsync();

        foreach (var key in (string?[])[null, "", "other", "Bearer archiver"])
        {
            var refused = await ArchiveAsync(server, id, key);
            Assert.Equal(("Failed", 4000), ((string)refused["status"]!, (int)refused["result"]!["code"]!));
            Assert.Contains("Api:ArchiveKeyHashes", (string)refused["error"]!, StringComparison.Ordinal);
        }

        // It is let further, to where the store is missing.
        Assert.Contains("Archive:Store", (string)(await ArchiveAsync(server, id, "archiver"))["error"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not base64!")]
    [InlineData("c2hvcnQ=")]
    public async Task KeyFile_ThatHoldsNoKey_EndsTheStart(string content)
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(
            () => StartAsync(("Api:AuthorizationKeyFile", GivenKeyFile(content))));

        Assert.Contains("Api:AuthorizationKeyFile", failure.Message, StringComparison.Ordinal);
    }

    private static Task<ApiServer> StartAsync(params (string Name, string Value)[] settings) => ApiServer.StartAsync(settings);

    private string GivenKeyFile(string content)
    {
        var path = _folder.File("key");
        File.WriteAllText(path, content + "\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }

    private static async Task StartAsync(ApiServer server, string id, string? key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, ApiServer.Rock + "/start")
        {
            Content = new StringContent(
                $$"""{"image":"busybox","sandbox_id":"{{id}}","auto_delete_seconds":3600}""", Encoding.UTF8, "application/json"),
        };
        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation("X-Key", key);
        }

        using var answer = await server.Http.SendAsync(request);
        Assert.StartsWith("""{"status":"Success",""", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static async Task<string?> EncryptedAsync(ApiServer server, string id) =>
        (string?)JsonNode.Parse(await server.GetAsync("/sandboxes"))!["result"]!["items"]!.AsArray()
            .Single(item => (string)item!["sandbox_id"]! == id)!["rock_authorization_encrypted"];

    private static async Task<JsonNode> ArchiveAsync(ApiServer server, SandboxId id, string? key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{ApiServer.Rock}/sandboxes/{id}/archive");
        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation("X-Key", key);
        }

        using var answer = await server.Http.SendAsync(request);
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
    }
}
