using Sandbox.Contracts.Management;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Management;

internal sealed class TenantRoutes(ITenantStore tenants)
{
    private const int LongestName = 63;

    public async Task ListAsync(HttpContext http)
    {
        var all = await tenants.ListAsync(http.RequestAborted);
        await ManagementBody.WriteAsync(http, [.. all.Select(ResultOf)], ManagementJson.Default.IReadOnlyListTenantResult);
    }

    public async Task CreateAsync(HttpContext http)
    {
        if (await ManagementBody.ReadAsync(http, ManagementJson.Default.TenantRequest) is not { } request)
        {
            return;
        }

        var quota = request.Quota ?? new QuotaMessage();
        if ((ProblemOf(request.Name) ?? ProblemOf(quota)) is { } problem)
        {
            await Problems.BadRequestAsync(http, problem);
        }
        else if (await tenants.FindAsync(request.Name!, http.RequestAborted) is not null)
        {
            await Problems.WriteAsync(http, StatusCodes.Status409Conflict, "exists", $"Tenant {request.Name} already exists.");
        }
        else
        {
            await tenants.PutAsync(new Tenant(request.Name!, QuotaOf(quota)), http.RequestAborted);
            http.Response.StatusCode = StatusCodes.Status201Created;
            await ManagementBody.WriteAsync(
                http, new TenantResult(request.Name!, quota, new QuotaUsageMessage(0, 0, 0)), ManagementJson.Default.TenantResult);
        }
    }

    public async Task PutQuotaAsync(HttpContext http)
    {
        if (await ManagementBody.ReadAsync(http, ManagementJson.Default.QuotaMessage) is not { } quota)
        {
            return;
        }

        var name = (string)http.GetRouteValue("name")!;
        if (ProblemOf(quota) is { } problem)
        {
            await Problems.BadRequestAsync(http, problem);
        }
        else if (await tenants.FindAsync(name, http.RequestAborted) is not { } tenant)
        {
            await Problems.NotFoundAsync(http, "There is no such tenant.");
        }
        else
        {
            await tenants.PutAsync(tenant with { Quota = QuotaOf(quota) }, http.RequestAborted);
            await ManagementBody.WriteNothingAsync(http);
        }
    }

    private static string? ProblemOf(string? name) =>
        name is { Length: > 0 and <= LongestName } && name[0] != '-'
            && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')
            ? null
            : $"name: 1 to {LongestName} characters of a-z 0-9 and -, the first a letter or digit.";

    private static string? ProblemOf(QuotaMessage quota) =>
        quota.Sandboxes < 0 || quota.Cpus < 0 || quota.MemoryBytes < 0 || quota.CreatesPerMinute < 0
            ? "quota: a bound is at least 0." : null;

    private static TenantQuota QuotaOf(QuotaMessage quota) => new(quota.Sandboxes, quota.Cpus, quota.MemoryBytes, quota.CreatesPerMinute);

    private static TenantResult ResultOf(TenantView view)
    {
        var quota = view.Tenant.Quota;
        return new TenantResult(
            view.Tenant.Name, new QuotaMessage(quota.Sandboxes, quota.Cpus, quota.MemoryBytes, quota.CreatesPerMinute),
            new QuotaUsageMessage(view.Sandboxes, view.Cpus, view.MemoryBytes));
    }
}
