using Microsoft.Extensions.Logging;
using Sandbox.Serving.Cml.Configuration;
using Sandbox.Serving.Cml.Rest;

namespace Sandbox.Serving.Cml.Projects;

/// <summary>The project that holds a clone of the repository with the jobs and launchers.</summary>
public sealed partial class ProjectSetup(CmlClient client, TimeProvider time, ILogger<ProjectSetup> logger)
{
    /// <summary>How long a clone may take.</summary>
    private static readonly TimeSpan CloneLimit = TimeSpan.FromSeconds(900);

    /// <summary>Its files may come after the word that it is there.</summary>
    private static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(30);

    /// <summary>The project of exactly that name, or a new one.</summary>
    /// <returns>Its id.</returns>
    /// <exception cref="CmlConfigurationException">The address of the repository holds credentials.</exception>
    /// <exception cref="CmlException">A call failed, or several projects have the name.</exception>
    public async Task<string> FindOrCreateAsync(NewProject project, CancellationToken cancellationToken)
    {
        if (HasCredentials(project.GitUrl))
        {
            throw new CmlConfigurationException(
                "git_url holds credentials: each reader of the project could read them; give the project's owner access instead");
        }

        switch (await client.FindProjectsAsync(project.Name, cancellationToken))
        {
            case []:
                var created = await client.CreateProjectAsync(project, cancellationToken);
                Log.Created(logger, project.Name, created.Id!);
                return created.Id!;
            case [{ Id: { } id }]:
                Log.Found(logger, project.Name, id);
                return id;
            default:
                throw new CmlException(
                    CmlError.Refused, $"more than one project is called {project.Name}; say by project_id which one is meant");
        }
    }

    /// <summary>Waits until the repository is cloned.</summary>
    /// <exception cref="CmlException">The clone failed, or takes longer than 15 minutes.</exception>
    public async Task WaitForCloneAsync(string project, CancellationToken cancellationToken)
    {
        await new CmlPoller(time).WaitAsync<CmlProject>($"the clone of project {project}", CloneLimit, AskAsync, cancellationToken);
        await Task.Delay(SettleTime, time, cancellationToken);

        async Task<(CmlProject? Found, string State)> AskAsync(CancellationToken token)
        {
            var found = await client.GetProjectAsync(project, token);
            var word = found.CreationStatus ?? found.Status;
            return CmlWords.OfClone(word) switch
            {
                CmlProgress.Done => (found, ""),
                CmlProgress.Failed => throw new CmlException(
                    CmlError.Failed, $"the repository was not cloned: {found.ErrorMessage ?? "no reason is told"}"),
                _ => (null, CmlWords.Plain(word)),
            };
        }
    }

    /// <summary>In the part for them, or in a query. The user of an address for ssh is none.</summary>
    private static bool HasCredentials(string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri)
        && (uri.Query.Length > 0 || uri.UserInfo.Contains(':', StringComparison.Ordinal)
            || (uri.UserInfo.Length > 0 && uri.Scheme is not "ssh"));

    private static partial class Log
    {
        [LoggerMessage(7902, LogLevel.Information, "Project {Name} is there: {Id}")]
        public static partial void Found(ILogger logger, string name, string id);

        [LoggerMessage(7903, LogLevel.Information, "Made project {Name}: {Id}")]
        public static partial void Created(ILogger logger, string name, string id);
    }
}
