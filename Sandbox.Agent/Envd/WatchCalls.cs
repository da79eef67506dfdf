using System.Collections.Concurrent;
using System.Threading.Channels;
using Sandbox.Agent.Accounts;
using Sandbox.Agent.Files;
using Sandbox.Agent.Native;
using Sandbox.Contracts.Envd;

namespace Sandbox.Agent.Envd;

/// <summary>Watches of folders: as a stream, and in the form that is asked again and again.</summary>
internal sealed class WatchCalls(AccountFiles accounts, TimeProvider time)
{
    private const int MaxWatchers = 256;

    private readonly ConcurrentDictionary<string, (FolderWatch Watch, bool IncludeEntry)> _watchers = new();

    public async Task WatchAsync(HttpContext context)
    {
        var stream = new ConnectStream(context);
        if (await stream.ReadRequestAsync(EnvdJson.Default.WatchDirRequest) is not { } request)
        {
            return;
        }

        if (!EnvdUser.TryResolve(context, accounts, out var account, out var error))
        {
            await stream.EndAsync(error);
            return;
        }

        try
        {
            using var watch = FolderWatch.Open(FilesystemEndpoints.Resolve(request.Path, account), request.Recursive);
            await stream.WriteAsync(new WatchDirResponse(Start: new Nothing()), EnvdJson.Default.WatchDirResponse, context.RequestAborted);
            await ServeAsync(stream, watch, request.IncludeEntry, context.RequestAborted);
            await stream.EndAsync(null);
        }
        catch (FileFailure failure)
        {
            await stream.EndAsync(FileErrors.ToConnect(failure));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            context.Abort();
        }
    }

    public CreateWatcherResponse Create(WatchDirRequest request, Account account)
    {
        if (_watchers.Count >= MaxWatchers)
        {
            throw new FileFailure(FileFailureKind.TooLarge, $"{MaxWatchers} watchers are open; remove some first");
        }

        var id = Guid.NewGuid().ToString("N");
        _watchers[id] = (FolderWatch.Open(FilesystemEndpoints.Resolve(request.Path, account), request.Recursive), request.IncludeEntry);
        return new CreateWatcherResponse(id);
    }

    public WatcherEventsResponse Events(WatcherRequest request, Account account)
    {
        if (!_watchers.TryGetValue(request.WatcherId, out var watcher))
        {
            throw Unknown(request.WatcherId);
        }

        var names = new OwnerNames();
        var events = new List<FilesystemEvent>();
        while (watcher.Watch.Changes.TryRead(out var change))
        {
            events.Add(Event(change, watcher.IncludeEntry, names));
        }

        if (events.Count == 0 && watcher.Watch.Changes.Completion is { IsCompleted: true } ended)
        {
            throw ended.Exception?.InnerException as FileFailure
                ?? new FileFailure(FileFailureKind.NotFound, "the watched directory was removed or has another name now");
        }

        return new WatcherEventsResponse(events);
    }

    public Nothing Remove(WatcherRequest request, Account account)
    {
        if (!_watchers.TryRemove(request.WatcherId, out var watcher))
        {
            throw Unknown(request.WatcherId);
        }

        watcher.Watch.Dispose();
        return new Nothing();
    }

    private static FileFailure Unknown(string id) => new(FileFailureKind.NotFound, $"watcher with id {id} not found");

    private static FilesystemEvent Event(FolderChange change, bool includeEntry, OwnerNames names) => new(
        change.Name,
        change.Type,
        includeEntry && change.Type is not (FilesystemEventType.EVENT_TYPE_REMOVE or FilesystemEventType.EVENT_TYPE_RENAME)
            ? FileEntries.TryDescribe(change.Path, names)
            : null);

    private async Task ServeAsync(ConnectStream stream, FolderWatch watch, bool includeEntry, CancellationToken cancellationToken)
    {
        while (true)
        {
            using var silence = new CancellationTokenSource(stream.Keepalive, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancellationToken);
            try
            {
                if (!await watch.Changes.WaitToReadAsync(either.Token))
                {
                    return;
                }
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                await stream.WriteAsync(
                    new WatchDirResponse(Keepalive: new Keepalive()), EnvdJson.Default.WatchDirResponse, cancellationToken);
                continue;
            }

            await TellAsync(stream, watch.Changes, includeEntry, cancellationToken);
        }
    }

    private static async Task TellAsync(
        ConnectStream stream, ChannelReader<FolderChange> changes, bool includeEntry, CancellationToken cancellationToken)
    {
        var names = new OwnerNames();
        while (changes.TryRead(out var change))
        {
            await stream.WriteAsync(
                new WatchDirResponse(Filesystem: Event(change, includeEntry, names)), EnvdJson.Default.WatchDirResponse, cancellationToken);
        }
    }
}
