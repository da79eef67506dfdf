using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Management;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Management;

internal static class TenantRoutes
{
    private const int LongestName = 63;

    public static void MapTenants(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("").WithTags("Tenants");
        group.MapGet("/tenants", ListAsync).WithSummary("Tenants, their quotas and what they use");
        group.MapPost("/tenants", CreateAsync).WithSummary("Makes a tenant");
        group.MapPut("/tenants/{name}/quota", PutQuotaAsync).WithSummary("Replaces the quota of a tenant");
    }

    private static async Task<JsonOk<IReadOnlyList<TenantResult>>> ListAsync(ITenantStore tenants, CancellationToken cancellationToken)
    {
        var all = await tenants.ListAsync(cancellationToken);
        return new([.. all.Select(ResultOf)]);
    }

    private static async Task<Results<JsonCreated<TenantResult>, ProblemResult>> CreateAsync(
        JsonBody<TenantRequest> body, ITenantStore tenants, IOptions<SpecLimits> limits, CancellationToken cancellationToken)
    {
        if (await body.ReadAsync(cancellationToken) is { } unreadable)
        {
            return unreadable;
        }

        var quota = body.Value.Quota ?? new QuotaMessage();
        if ((ProblemOf(body.Value.Name) ?? ProblemOf(quota)) is { } problem)
        {
            return ProblemResult.BadRequest(problem);
        }

        var name = body.Value.Name!;
        if (await tenants.FindAsync(name, cancellationToken) is not null)
        {
            return new ProblemResult(StatusCodes.Status409Conflict, "exists", $"Tenant {name} already exists.");
        }

        quota = quota with { CreatesPerMinute = quota.CreatesPerMinute ?? limits.Value.CreatesPerMinute };
        await tenants.PutAsync(new Tenant(name, QuotaOf(quota)), cancellationToken);
        return new JsonCreated<TenantResult>(new TenantResult(name, quota, new QuotaUsageMessage(0, 0, 0, 0, 0, 0)));
    }

    private static async Task<Results<NoContent, ProblemResult>> PutQuotaAsync(
        string name, JsonBody<QuotaMessage> body, ITenantStore tenants, CancellationToken cancellationToken)
    {
        if (await body.ReadAsync(cancellationToken) is { } unreadable)
        {
            return unreadable;
        }

        if (ProblemOf(body.Value) is { } problem)
        {
            return ProblemResult.BadRequest(problem);
        }

        if (await tenants.FindAsync(name, cancellationToken) is not { } tenant)
        {
            return ProblemResult.NotFound("There is no such tenant.");
        }

        await tenants.PutAsync(tenant with { Quota = QuotaOf(body.Value) }, cancellationToken);
        return TypedResults.NoContent();
    }

    private static string? ProblemOf(string? name) =>
        name is { Length: > 0 and <= LongestName } && name[0] != '-'
            && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')
            ? null
            : $"name: 1 to {LongestName} characters of a-z 0-9 and -, the first a letter or digit.";

    private static string? ProblemOf(QuotaMessage quota) =>
        quota.Sandboxes < 0 || quota.Cpus < 0 || quota.MemoryBytes < 0 || quota.CreatesPerMinute < 0 || quota.TotalSandboxes < 0
            || quota.Gpus < 0 || quota.DiskBytes < 0
            ? "quota: a bound is at least 0." : null;

    private static TenantQuota QuotaOf(QuotaMessage quota) => new(
        quota.Sandboxes, quota.Cpus, quota.MemoryBytes, quota.CreatesPerMinute, quota.TotalSandboxes, quota.Gpus, quota.DiskBytes);

    private static TenantResult ResultOf(TenantView view)
    {
        var quota = view.Tenant.Quota;
        return new TenantResult(
            view.Tenant.Name,
            new QuotaMessage(
                quota.Sandboxes, quota.Cpus, quota.MemoryBytes, quota.CreatesPerMinute, quota.TotalSandboxes, quota.Gpus, quota.DiskBytes),
            new QuotaUsageMessage(view.Sandboxes, view.Cpus, view.MemoryBytes, view.TotalSandboxes, view.Gpus, view.DiskBytes));
    }
}
