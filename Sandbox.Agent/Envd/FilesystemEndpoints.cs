using System.Text.Json.Serialization.Metadata;
using Sandbox.Agent.Accounts;
using Sandbox.Agent.Files;
using Sandbox.Agent.Http;
using Sandbox.Agent.Native;
using Sandbox.Contracts.Agent;
using Sandbox.Contracts.Envd;

namespace Sandbox.Agent.Envd;

/// <summary>The service <c>filesystem.Filesystem</c> of the envd protocol: its short calls; the watches are in
/// <see cref="WatchCalls"/>.</summary>
internal sealed class FilesystemEndpoints(AccountFiles accounts, TimeProvider time)
{
    private const string Service = AgentRoutes.Envd + "/filesystem.Filesystem/";

    public void Map(RouteTable routes)
    {
        var watches = new WatchCalls(accounts, time);
        routes.Post(Service + "Stat", context => AnswerAsync(context, EnvdJson.Default.PathRequest, Stat, EnvdJson.Default.EntryResponse));
        routes.Post(
            Service + "MakeDir",
            context => AnswerAsync(context, EnvdJson.Default.MakeDirRequest, MakeFolder, EnvdJson.Default.EntryResponse));
        routes.Post(Service + "Move", context => AnswerAsync(context, EnvdJson.Default.MoveRequest, Move, EnvdJson.Default.EntryResponse));
        routes.Post(Service + "Remove", context => AnswerAsync(context, EnvdJson.Default.PathRequest, Remove, EnvdJson.Default.Nothing));
        routes.Post(Service + "ListDir", context => AnswerAsync(
            context,
            EnvdJson.Default.ListDirRequest,
            (request, account) => new ListDirResponse(FileTree.List(Resolve(request.Path, account), request.Depth, context.RequestAborted)),
            EnvdJson.Default.ListDirResponse));
        routes.Post(Service + "WatchDir", watches.WatchAsync);
        routes.Post(Service + "CreateWatcher", context => AnswerAsync(
            context, EnvdJson.Default.WatchDirRequest, watches.Create, EnvdJson.Default.CreateWatcherResponse));
        routes.Post(Service + "GetWatcherEvents", context => AnswerAsync(
            context, EnvdJson.Default.WatcherRequest, watches.Events, EnvdJson.Default.WatcherEventsResponse));
        routes.Post(Service + "RemoveWatcher", context => AnswerAsync(
            context, EnvdJson.Default.WatcherRequest, watches.Remove, EnvdJson.Default.Nothing));
    }

    internal static string Resolve(string path, Account account) => SandboxPath.Resolve(path, account.Home);

    /// <summary>The owner of new files; none has to be told for the agent's own account.</summary>
    internal static FileOwner? OwnerFor(Account account) =>
        account.User == Libc.GetEffectiveUser() ? null : new FileOwner(account.User, account.Group);

    private static EntryResponse Stat(PathRequest request, Account account) => Entry(Resolve(request.Path, account));

    private static EntryResponse MakeFolder(MakeDirRequest request, Account account)
    {
        var path = Resolve(request.Path, account);
        FileTree.MakeFolder(path, OwnerFor(account), request.Mode & 0x1FF);
        return Entry(path);
    }

    private static EntryResponse Move(MoveRequest request, Account account)
    {
        var destination = Resolve(request.Destination, account);
        FileTree.Move(Resolve(request.Source, account), destination, OwnerFor(account));
        return Entry(destination);
    }

    private static Nothing Remove(PathRequest request, Account account)
    {
        FileTree.Remove(Resolve(request.Path, account));
        return new Nothing();
    }

    private static EntryResponse Entry(string path) => new(FileEntries.Describe(path, new OwnerNames()));

    private async Task AnswerAsync<TRequest, TAnswer>(
        HttpContext context, JsonTypeInfo<TRequest> requestType, Func<TRequest, Account, TAnswer> act, JsonTypeInfo<TAnswer> answerType)
        where TRequest : class
    {
        var request = await context.ReadJsonAsync(requestType);
        if (request is null)
        {
            await context.WriteErrorAsync(ConnectErrors.InvalidArgument("The body is not the JSON of this request."));
        }
        else if (!EnvdUser.TryResolve(context, accounts, out var account, out var error))
        {
            await context.WriteErrorAsync(error);
        }
        else
        {
            try
            {
                await context.WriteJsonAsync(act(request, account), answerType);
            }
            catch (FileFailure failure)
            {
                await context.WriteErrorAsync(FileErrors.ToConnect(failure));
            }
        }
    }
}
