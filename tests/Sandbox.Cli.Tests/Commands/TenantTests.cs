using System.Text.Json;

namespace Sandbox.Cli.Tests.Commands;

public sealed class TenantTests : IDisposable
{
    private readonly CliProgram _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task TenantsAndKeys_OnADataFolder_AreMadeSetListedAndRevoked()
    {
        using var serve = _cli.Start("serve", "--port", "0");
        await serve.SeeAsync("listening on ");
        (await _cli.RunAsync("tenant", "create", "red", "--sandboxes", "2", "--cpus", "1.5")).Expect(0);
        (await _cli.RunAsync("tenant", "set", "red", "--sandboxes", "7")).Expect(0);
        (await _cli.RunAsync("tenant", "set", "red", "--cpus", "none")).Expect(0);
        (await _cli.RunAsync("tenant", "set", "red", "--total-sandboxes", "9", "--gpus", "1", "--disk", "5")).Expect(0);
        (await _cli.RunAsync("tenant", "create", "free", "--creates-per-minute", "none", "--gpus", "2")).Expect(0);
        Assert.Equal(
            "default\t0/-\t0/-\t0/-\t0/-\t0/-\t0/-\t-\n"
                + "free\t0/-\t0/-\t0/-\t0/2\t0/-\t0/-\t-\n"
                + "red\t0/7\t0/9\t0/-\t0/1\t0/-\t0/5\t6000\n",
            (await _cli.RunAsync("tenant", "ls")).Expect(0).Output);

        var made = (await _cli.RunAsync("key", "create", "--tenant", "red", "--note", "of a test", "--expires", "30d")).Expect(0);
        var secret = made.Output.TrimEnd('\n');
        Assert.Matches("^sbx_[A-Za-z0-9_-]{43}$", secret);
        Assert.DoesNotContain(secret, made.Error, StringComparison.Ordinal);
        var key = JsonDocument.Parse((await _cli.RunAsync("key", "ls", "--json")).Expect(0).Output).RootElement.EnumerateArray().Single();
        var id = key.GetProperty("id").GetString()!;
        Assert.Equal(
            ("red", "of a test", false),
            (key.GetProperty("tenant").GetString(), key.GetProperty("note").GetString(), key.GetProperty("admin").GetBoolean()));
        Assert.True(
            key.GetProperty("expires_at").GetDateTimeOffset() - key.GetProperty("created_at").GetDateTimeOffset() > TimeSpan.FromDays(29),
            "it expires in 30 days");

        Assert.Equal($"revoked {id}\n", (await _cli.RunAsync("key", "revoke", id)).Expect(0).Output);
        Assert.Equal(
            "sandbox: There is no such key, or it was revoked before.\n", (await _cli.RunAsync("key", "revoke", id)).Expect(1).Error);
        Assert.Equal("sandbox: Tenant red already exists.\n", (await _cli.RunAsync("tenant", "create", "red")).Expect(1).Error);
        Assert.Equal(
            "sandbox: --cpus: 'many' is neither a number nor none\n",
            (await _cli.RunAsync("tenant", "set", "red", "--cpus", "many")).Expect(2).Error);
    }

    [Fact]
    public async Task JobsAndNodes_OfAStandaloneServer_AreNone()
    {
        using var serve = _cli.Start("serve", "--port", "0");
        await serve.SeeAsync("listening on ");

        Assert.Equal("[]\n", (await _cli.RunAsync("jobs", "dead", "--json")).Expect(0).Output);
        Assert.Equal("[]\n", (await _cli.RunAsync("node", "ls", "--json")).Expect(0).Output);
        Assert.Equal("sandbox: There is no such dead letter.\n", (await _cli.RunAsync("jobs", "redrive", "1")).Expect(1).Error);
        Assert.Equal("sandbox: There is no such node.\n", (await _cli.RunAsync("node", "drain", "n1")).Expect(1).Error);
        Assert.Equal("sandbox: There is no such node.\n", (await _cli.RunAsync("node", "undrain", "n1")).Expect(1).Error);
    }
}
