using System.Collections.ObjectModel;
using System.Reflection;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Publishing;
using Aspire.Hosting.Running;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Building;

/// <summary>Takes down the floor plan, and makes of it a stack to run, or one that is written down and ends.</summary>
internal sealed class DistributedApplicationBuilder : IDistributedApplicationBuilder
{
    private static readonly Dictionary<string, string> Switches = new()
    {
        ["--operation"] = "AppHost:Operation",
        ["--publisher"] = "Publishing:Publisher",
        ["--step"] = "Publishing:Step",
        ["--output-path"] = "Publishing:OutputPath",
        ["--command"] = "LocalHosting:Command",
    };

    private readonly HostApplicationBuilder _host;
    private readonly ResourceCollection _resources = [];

    public DistributedApplicationBuilder(DistributedApplicationOptions options, Assembly? appHost)
    {
        var entryPoint = EntryPoint.Current;
        var arguments = options.Args ?? [];
        AppHostAssembly = entryPoint?.Assembly ?? appHost;
        AppHostDirectory = MetadataOf(AppHostAssembly, "AppHostProjectPath") ?? Directory.GetCurrentDirectory();

        // Its own files only: the folder that it is started in is somebody's.
        _host = new HostApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppHostDirectory, DisableDefaults = true });
        Configuration.AddEnvironmentVariables("DOTNET_").AddEnvironmentVariables("ASPNETCORE_").AddEnvironmentVariables();
        Configuration.AddCommandLine(arguments, Switches);
        _host.Environment.EnvironmentName = Configuration[HostDefaults.EnvironmentKey] ?? Environments.Development;
        var isPublishing = Configuration["AppHost:Operation"] is "publish" || Configuration["Publishing:Publisher"] is not null;
        ExecutionContext = new DistributedApplicationExecutionContext(
            isPublishing ? DistributedApplicationOperation.Publish : DistributedApplicationOperation.Run);
        State = new StateFolder(AppHostDirectory, isThrowAway: entryPoint is not null);
        AddServices(entryPoint is not null);
        if (entryPoint is null)
        {
            AppDomain.CurrentDomain.UnhandledException += TellRefusal;
        }
    }

    public ConfigurationManager Configuration => _host.Configuration;

    public string AppHostDirectory { get; }

    public Assembly? AppHostAssembly { get; }

    public IHostEnvironment Environment => _host.Environment;

    public IServiceCollection Services => _host.Services;

    public DistributedApplicationExecutionContext ExecutionContext { get; }

    public IResourceCollection Resources => _resources;

    /// <summary>Where what is generated once is kept.</summary>
    public StateFolder State { get; }

    public IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource
    {
        if (_resources.FirstOrDefault(known => string.Equals(known.Name, resource.Name, StringComparison.OrdinalIgnoreCase)) is { } other)
        {
            throw new DistributedApplicationException(
                $"Cannot add resource of type '{resource.GetType()}' with name '{resource.Name}' because resource of type '{other.GetType()}' with that name already exists. Resource names are case-insensitive.");
        }

        _resources.Add(resource);
        return CreateResourceBuilder(resource);
    }

    public IResourceBuilder<T> CreateResourceBuilder<T>(T resource)
        where T : IResource => new ResourceBuilder<T>(this, resource);

    public DistributedApplication Build()
    {
        // A test takes the floor plan from here and builds it itself; the entry point ends.
        EntryPoint.Current?.Take(this);
        return BuildNow();
    }

    internal DistributedApplication BuildNow() => new(_host.Build());

    internal static string? MetadataOf(Assembly? assembly, string key) =>
        assembly?.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(attribute => attribute.Key == key)?.Value;

    /// <summary>Null: the floor plan names none.</summary>
    private string? TargetFolder() => Configuration["LocalHosting:TargetFolder"]
        ?? (MetadataOf(AppHostAssembly, "LocalHostingTargets") is { } folder ? Path.GetFullPath(folder, AppHostDirectory) : null);

    /// <summary>A floor plan that refuses its arguments says why in one line.</summary>
    private static void TellRefusal(object sender, UnhandledExceptionEventArgs failed)
    {
        if (failed.ExceptionObject is DistributedApplicationException refused)
        {
            Console.Error.WriteLine($"AppHost: {refused.Message}");
            System.Environment.Exit(1);
        }
    }

    private void AddServices(bool isTested)
    {
        Services.AddSingleton<IDistributedApplicationBuilder>(this).AddSingleton(_ => State).AddSingleton(ExecutionContext).AddSingleton(TimeProvider.System);
        Services.AddSingleton(new DistributedApplicationModel(Resources));
        Services.AddSingleton(new ResourceNotificationService());
        Services.AddSingleton(provider => new ResourceCommandService(provider.GetRequiredService<DistributedApplicationModel>(), provider));
        Services.AddSingleton(provider => new ResourceConsole(isTested && Configuration["LocalHosting:Console"] is null ? TextWriter.Null : Console.Out));
        Services.AddSingleton(_ => new Ports(isRandom: isTested));
        Services.AddSingleton(_ => new TargetFiles(isTested ? null : TargetFolder()));
        Services.AddSingleton<ProcessGuard>().AddSingleton<PartTools>().AddSingleton<Stack>();
        Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMinutes(2));
        // Only what went wrong here; the resources speak for themselves.
        Services.AddLogging(logging => logging.AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Warning)
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None));
        if (!isTested)
        {
            Interrupts.Allow();
            Services.AddSingleton<IHostLifetime, Microsoft.Extensions.Hosting.Internal.ConsoleLifetime>();
            Services.Configure<ConsoleLifetimeOptions>(console => console.SuppressStatusMessages = true);
        }

        if (ExecutionContext.IsPublishMode)
        {
            Services.AddHostedService<Publisher>();
        }
        else if (Configuration["LocalHosting:Command"] is not null)
        {
            Services.AddHostedService<RemoteCommand>();
        }
        else
        {
            Services.AddHostedService<StackRun>();
            if (!isTested)
            {
                Services.AddHostedService<RunnerWatch>();
            }
        }
    }

    private sealed class ResourceCollection : Collection<IResource>, IResourceCollection;
}

internal sealed class ResourceBuilder<T>(IDistributedApplicationBuilder builder, T resource) : IResourceBuilder<T>
    where T : IResource
{
    public T Resource { get; } = resource;

    public IDistributedApplicationBuilder ApplicationBuilder { get; } = builder;

    public IResourceBuilder<T> WithAnnotation<TAnnotation>(
        TAnnotation annotation, ResourceAnnotationMutationBehavior behavior = ResourceAnnotationMutationBehavior.Append)
        where TAnnotation : IResourceAnnotation
    {
        if (behavior is ResourceAnnotationMutationBehavior.Replace)
        {
            foreach (var old in Resource.Annotations.OfType<TAnnotation>().ToList())
            {
                Resource.Annotations.Remove(old);
            }
        }

        Resource.Annotations.Add(annotation);
        return this;
    }
}
