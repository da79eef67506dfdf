using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using Sandbox.Serving.Routing;

namespace Sandbox.Api.Gateway;

/// <summary>The models that the catalog offers, each under whose it is. A tenant's own go before everybody's of the same name.</summary>
internal sealed partial class ModelTable(
    IModelCatalog catalog, IOptions<GatewayOptions> options, TimeProvider time, ILogger<ModelTable> logger)
    : BackgroundService
{
    /// <summary>Whose everybody's models are; no tenant is called so.</summary>
    private const string Everybody = "";

    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, TenantModels> _tenants = new(StringComparer.Ordinal);

    /// <summary>How requests are spread over replicas.</summary>
    public RoutingOptions Routing { get; } = new()
    {
        MostOutstanding = options.Value.MaxOutstanding,
        MostWaiting = options.Value.MaxWaiting,
        LongestWait = options.Value.LongestWait,
        AffinitySlack = options.Value.AffinitySlack,
        PrefixBytes = options.Value.PrefixBytes,
    };

    public IEnumerable<ModelRoute> All => _tenants.Values.SelectMany(models => models.All);

    /// <summary>The names for which a tenant may ask, in order.</summary>
    public IReadOnlyList<string> NamesFor(string tenant) =>
        [.. Of(tenant).SelectMany(models => models.Names).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>Null: the tenant may ask for no model of this name.</summary>
    public ModelRoute? Find(string tenant, string name) =>
        Of(tenant).Select(models => models.Find(name)).FirstOrDefault(found => found is not null);

    public override void Dispose()
    {
        foreach (var models in _tenants.Values)
        {
            models.Dispose();
        }

        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await foreach (var offered in catalog.WatchAsync(stoppingToken))
                {
                    Change(offered);
                }
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                Log.NotWatched(logger, exception);
            }

            await Task.Delay(Retry, time, stoppingToken);
        }
    }

    private void Change(ImmutableArray<OfferedModel> offered)
    {
        var byTenant = offered.ToLookup(model => model.Tenant ?? Everybody, StringComparer.Ordinal);
        foreach (var tenant in byTenant.Select(models => models.Key).Union(_tenants.Keys))
        {
            _tenants.GetOrAdd(tenant, _ => new(Routing, time)).Change([.. byTenant[tenant]]);
        }
    }

    private IEnumerable<TenantModels> Of(string tenant) =>
        ((string[])[tenant, Everybody]).Select(whose => _tenants.GetValueOrDefault(whose)).OfType<TenantModels>();

    private static partial class Log
    {
        [LoggerMessage(5901, LogLevel.Error, "Which models there are cannot be read now; it is tried again")]
        public static partial void NotWatched(ILogger logger, Exception exception);
    }
}
