using System.Text.Json;

namespace Sandbox.Cli.Tests.Commands;

public sealed class EventsTests : IDisposable
{
    private readonly CliProgram _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Events_PrintALifeAsItHappens_AndAfterwards()
    {
        using var server = await _cli.ServeAsync();
        (await _cli.RunAsync("run", "--keep", "--name", "first", "--image", "red", "--", "true")).Expect(0);
        using var events = _cli.Start("events", "--since", "10m", "--filter", "image=red");
        await events.SeeAsync("started\tfirst\tred\t");

        (await _cli.RunAsync("run", "--keep", "--name", "blue", "--image", "blue", "--", "true")).Expect(0);
        (await _cli.RunAsync("stop", "first")).Expect(0);
        (await _cli.RunAsync("rm", "first")).Expect(0);
        await events.SeeAsync("deleted\tfirst\tred\t");

        events.Signal("INT");
        var seen = (await events.EndAsync()).Expect(130).Output.TrimEnd('\n').Split('\n').Select(line => line.Split('\t')).ToList();
        Assert.Equal(["created", "started", "stopped", "deleted"], seen.Select(cells => cells[1]));
        Assert.All(seen, cells => Assert.True(DateTimeOffset.TryParse(cells[0], out _), $"a time was to come first: {cells[0]}"));
        var past = (await _cli.RunAsync("events", "--no-follow", "--since", "10m", "--filter", "type=deleted", "--json")).Expect(0).Output;
        var deleted = JsonDocument.Parse(past).RootElement;
        Assert.Equal(("first", "deleted"), (deleted.GetProperty("sandbox_id").GetString(), deleted.GetProperty("state").GetString()));
        (await _cli.RunAsync("rm", "--force", "blue")).Expect(0);
    }

    [Fact]
    public async Task Events_ByAnUnknownField_AreRefused()
    {
        var refused = (await _cli.RunAsync("events", "--filter", "colour=red")).Expect(2);

        Assert.Equal("sandbox: --filter: there is no 'colour'; there are sandbox_id, type, state, image, tenant\n", refused.Error);
    }
}
