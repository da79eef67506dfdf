using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using Sandbox.Api.Tests.Servers;
using Sandbox.Domain.Stores;
using Sandbox.Testing;

namespace Sandbox.Api.Tests.Rollouts;

/// <summary>A real server with a rollout of two machines that are both this one, real Ansible, and playbooks of the test's own.</summary>
internal sealed class RolloutServer : IAsyncDisposable
{
    public const string Gated = "docker-installation";
    public const string Destructive = "cleanup-existing";
    public const string Free = "prerequisites-check";
    public const string Waiting = "cluster-deployment";

    private readonly TempFolder _folder;

    private RolloutServer(TempFolder folder, ApiServer api) => (_folder, Api) = (folder, api);

    public ApiServer Api { get; }

    /// <summary>Keys with permissions: read; read and run; read and approve; all of them.</summary>
    public string Reader { get; private set; } = "";

    public string Runner { get; private set; } = "";

    public string Approver { get; private set; } = "";

    public string Operator { get; private set; } = "";

    /// <summary>An admin's key that carries no permission.</summary>
    public string Admin { get; private set; } = "";

    public static Task<RolloutServer> StartAsync(params (string Name, string Value)[] settings) =>
        StartAsync(TimeProvider.System, settings);

    public static async Task<RolloutServer> StartAsync(TimeProvider time, params (string Name, string Value)[] settings)
    {
        var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.File("inventory.ini"), """
            [head_nodes]
            alpha ansible_host=10.9.0.1

            [worker_nodes]
            beta ansible_host=10.9.0.2

            [all:vars]
            ansible_connection=local
            ansible_python_interpreter=/usr/bin/python3

            """);
        var playbooks = Directory.CreateDirectory(folder.File("playbooks")).FullName;
        await WriteAsync(playbooks, "01-prerequisites-check", "{system_info: {hostname: here, cpu_cores: 2}}");
        await WriteAsync(playbooks, "02-docker-installation", "{docker_test: PASSED}");
        await WriteAsync(playbooks, "03-cleanup-existing", "{cleanup_successful: true}");
        await WriteAsync(
            playbooks, "04-cluster-deployment", "{ray_containers: []}",
            """
                - name: wait
                  ansible.builtin.wait_for:
                    path: "{{ inventory_dir }}/go"
                    sleep: 1
                    timeout: 300
            """);
        (string, string)[] own =
        [
            ("Rollout:StateFolder", folder.File("state")), ("Rollout:Inventory", folder.File("inventory.ini")),
            ("Rollout:PlaybookFolder", playbooks),
        ];
        var api = await ApiServer.StartAsync(time, [.. own, .. settings]);
        var server = new RolloutServer(folder, api)
        {
            Reader = (await api.GivenKeyAsync("default", permissions: [Permission.RolloutRead])).Secret,
            Runner = (await api.GivenKeyAsync("default", permissions: [Permission.RolloutRun])).Secret,
            Approver = (await api.GivenKeyAsync("default", permissions: [Permission.RolloutApprove])).Secret,
            Operator = (await api.GivenKeyAsync("default", permissions: [.. Permission.All])).Secret,
            Admin = (await api.GivenKeyAsync("default", admin: true)).Secret,
        };
        return server;
    }

    /// <summary>Lets the checkpoint go on that waits.</summary>
    public void Release() => File.WriteAllText(_folder.File("go"), "");

    public void ChangePlaybook(string name) => File.AppendAllText(_folder.File($"playbooks/{name}.yml"), "# changed\n");

    /// <summary>Asks, says which status came, and reads the body.</summary>
    public async Task<JsonElement> AskAsync(int status, string key, string path, string? json = null)
    {
        using var answer = await Api.AskAsync(key, "/api/v1" + path, json);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(status == (int)answer.StatusCode, $"{path} was to answer {status}, not {(int)answer.StatusCode}: {text}");
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    /// <summary>Begins a run and follows what it prints to its end.</summary>
    /// <returns>Its id, and how it ended.</returns>
    public async Task<(string Id, string Status)> RunAsync(string checkpoint, string json = "{}")
    {
        var begun = await AskAsync(202, Operator, $"/checkpoints/{checkpoint}", json);
        var id = begun.GetProperty("execution_id").GetString()!;
        var events = await FollowAsync($"/executions/{id}/output");
        using var end = JsonDocument.Parse(events[^1].Data);
        return (id, end.RootElement.GetProperty("status").GetString()!);
    }

    /// <summary>Deletes, and says which status came.</summary>
    public async Task<int> DeleteAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, "/api/v1" + path);
        request.Headers.Add("X-API-Key", Operator);
        using var answer = await Api.Http.SendAsync(request);
        return (int)answer.StatusCode;
    }

    /// <summary>Waits until the audit log has an entry of an action.</summary>
    public async Task SeeAsync(string action)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/rollout/events");
        request.Headers.Add("X-API-Key", Operator);
        using var answer = await Api.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await foreach (var one in SseParser.Create(await answer.Content.ReadAsStreamAsync()).EnumerateAsync())
        {
            if (one.EventType == action)
            {
                return;
            }
        }
    }

    /// <summary>All events of a stream that the server ends.</summary>
    public async Task<IReadOnlyList<SseItem<string>>> FollowAsync(string path, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1" + path);
        request.Headers.Add("X-API-Key", Operator);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        using var answer = await Api.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(("text/event-stream", 200), (answer.Content.Headers.ContentType?.MediaType, (int)answer.StatusCode));
        var events = new List<SseItem<string>>();
        await foreach (var one in SseParser.Create(await answer.Content.ReadAsStreamAsync()).EnumerateAsync())
        {
            events.Add(one);
        }

        return events;
    }

    public async ValueTask DisposeAsync()
    {
        Release();
        await Api.DisposeAsync();
        _folder.Dispose();
    }

    private static Task WriteAsync(string folder, string name, string record, string first = "") => File.WriteAllTextAsync(
        Path.Combine(folder, name + ".yml"),
        new StringBuilder($"""
            - name: {name}
              hosts: all
              gather_facts: false
              tasks:

            """)
        .Append(first.Length > 0 ? first + "\n" : "")
        .Append($$"""
                - name: tell
                  ansible.builtin.set_fact:
                    checkpoint_record: {{record}}

            """).ToString());
}
