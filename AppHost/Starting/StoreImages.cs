using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AppHost.Starting;

/// <summary>
/// The images of the stores, before anybody waits for a container of them: pulled when they are missing and, where no registry
/// answers, made of this machine's own Postgres and Redis (<c>build/images/stores.sh</c>).
/// </summary>
internal sealed partial class StoreImages(
    ContainerEngine engine, IConfiguration configuration, IHostEnvironment environment, ILogger<StoreImages> logger)
{
    private static readonly Dictionary<Type, (string Argument, ImageName Local)> Stores = new()
    {
        [typeof(PostgresServerResource)] = (AppHost.Stores.PostgresImage, ImageName.Parse("sandbox-postgres:local")),
        [typeof(RedisResource)] = (AppHost.Stores.RedisImage, ImageName.Parse("sandbox-redis:local")),
    };

    /// <exception cref="DistributedApplicationException">One can neither be pulled nor made.</exception>
    public async Task EnsureAsync(IEnumerable<ContainerResource> containers, CancellationToken cancellationToken)
    {
        foreach (var container in containers)
        {
            var annotation = container.Annotations.OfType<ContainerImageAnnotation>().Last();
            var image = ImageName.Of(annotation);
            if (await engine.HasImageAsync(image.ToString(), cancellationToken))
            {
                continue;
            }

            var local = Stores.TryGetValue(container.GetType(), out var store) && string.IsNullOrEmpty(configuration[store.Argument])
                ? store.Local
                : null;
            if (local is not null && await engine.HasImageAsync(local.ToString(), cancellationToken))
            {
                Log.UsesLocal(logger, container.Name, local, image);
                local.ApplyTo(annotation);
                continue;
            }

            Log.Pulls(logger, image);
            if (await engine.PullAsync(image.ToString(), cancellationToken) is not { } reason)
            {
                continue;
            }

            if (local is null)
            {
                throw new DistributedApplicationException(
                    $"The image {image} of '{container.Name}' is not on this machine and cannot be pulled: {reason}");
            }

            await MakeAsync(image, reason, cancellationToken);
            local.ApplyTo(annotation);
        }
    }

    private async Task MakeAsync(ImageName image, string reason, CancellationToken cancellationToken)
    {
        Log.Makes(logger, image, reason);
        var script = Path.GetFullPath("../build/images/stores.sh", environment.ContentRootPath);
        var (code, _, complaint) = await ChildProcess.RunAsync("bash", [script], cancellationToken);
        if (code is not 0)
        {
            throw new DistributedApplicationException(
                $"The image {image} is not on this machine and cannot be pulled ({reason}), "
                + $"nor made of this machine's packages: {complaint.Trim()}");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(9101, LogLevel.Information, "Pulling {Image}")]
        public static partial void Pulls(ILogger logger, ImageName image);

        [LoggerMessage(
            9102, LogLevel.Warning,
            "{Image} cannot be pulled ({Reason}): images of the stores are made of this machine's own Postgres and Redis")]
        public static partial void Makes(ILogger logger, ImageName image, string reason);

        [LoggerMessage(9103, LogLevel.Information, "'{Store}' runs {Local}, made of this machine's packages, in the place of {Image}")]
        public static partial void UsesLocal(ILogger logger, string store, ImageName local, ImageName image);
    }
}
