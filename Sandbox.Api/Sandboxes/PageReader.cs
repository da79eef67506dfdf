using Sandbox.Api.Http;
using Sandbox.Api.Tenancy;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Sandboxes;

/// <summary>Reads pages of the caller's sandboxes, without what only their starts need, within the memory that this process may take for
/// answers.</summary>
internal sealed class PageReader(TenantScopedRecords records, BufferBudget budget)
{
    /// <summary>What a record without metadata takes as such, and in an answer, bytes.</summary>
    private const int Plain = 4096;

    /// <summary>A character of metadata: as it is read, as it is kept, as it is written.</summary>
    private const int Character = 4;

    /// <summary>Null: this process holds as much as it may.</summary>
    public async Task<SandboxPage?> ReadAsync(HttpContext http, SandboxQuery query)
    {
        if (!await budget.TryReserveAsync(http, (long)Plain * query.PageSize, http.RequestAborted))
        {
            return null;
        }

        var page = await records.ListAsync(query with { IsBrief = true }, http.RequestAborted);
        return await budget.TryReserveAsync(http, page.Items.Sum(MetadataOf), http.RequestAborted) ? page : null;
    }

    private static long MetadataOf(SandboxInstance sandbox) =>
        sandbox.Spec.Metadata.Sum(entry => (long)(entry.Key.Length + entry.Value.Length) * Character);
}
