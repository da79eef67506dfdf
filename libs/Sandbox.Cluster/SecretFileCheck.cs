using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Files;

namespace Sandbox.Cluster;

/// <summary>Looks, before anything starts, at who may open the files of keys and secrets. One that everybody may write is refused: a key
/// of their own could be in it. One that others may read is warned of; an orchestrator that mounts secrets often makes them so, in a
/// container that has no other users.</summary>
internal sealed partial class SecretFileCheck(IEnumerable<SecretFile> files, ILogger<SecretFileCheck> logger) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        foreach (var file in files.Where(file => file.Path.Length > 0 && File.Exists(file.Path)))
        {
            if (OwnerOnlyFile.IsWritableByAll(file.Path))
            {
                throw new OptionsValidationException(
                    file.Setting, typeof(SecretFile), [$"{file.Setting}: every user can write {file.Path}; chmod 600 it."]);
            }

            if (OwnerOnlyFile.IsOpenToOthers(file.Path))
            {
                Log.Readable(logger, file.Setting, file.Path);
            }
        }

        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(3902, LogLevel.Warning, "{Setting}: other users of this machine can read {Path}; chmod 600 it")]
        public static partial void Readable(ILogger logger, string setting, string path);
    }
}
