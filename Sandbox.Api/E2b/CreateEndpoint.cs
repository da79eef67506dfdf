using Microsoft.Extensions.Options;
using Sandbox.Api.Sandboxes;
using Sandbox.Api.Tenancy;
using Sandbox.Contracts.E2b;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;

namespace Sandbox.Api.E2b;

/// <summary>Creates sandboxes, and answers when they run.</summary>
internal sealed class CreateEndpoint(
    NewSandboxReader reader, StartPreparation preparation, TenantScopedOperator sandboxes, E2bSupport support, TimeProvider time,
    IOptions<ApiOptions> options)
{
    /// <summary>Timeouts that E2B has where a request has none, seconds.</summary>
    private const int FormerTimeout = 15, DefaultTimeout = 300;

    public Task HandleAsync(HttpContext http) => HandleAsync(http, DefaultTimeout);

    public Task HandleFormerAsync(HttpContext http) => HandleAsync(http, FormerTimeout);

    private async Task HandleAsync(HttpContext http, int defaultTimeout)
    {
        if (await support.Body.ReadAsync(http, E2bJson.Default.E2bNewSandbox) is not { } asked)
        {
            return;
        }

        if (!(await SubmitAsync(asked, defaultTimeout, http.RequestAborted)).TryGet(out var submitted, out var refused))
        {
            await E2bAnswers.WriteErrorAsync(http, refused);
            return;
        }

        var limit = options.Value.StartWait;
        using var waited = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(waited.Token, http.RequestAborted);
        try
        {
            var started = await sandboxes.WaitUntilAliveAsync(submitted.Id, either.Token);
            await (started.TryGet(out var sandbox, out var failed)
                ? E2bAnswers.WriteAsync(http, StatusCodes.Status201Created, support.Views.AccessOf(sandbox), E2bJson.Default.E2bSandbox)
                : E2bAnswers.WriteErrorAsync(http, failed));
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            // Its id was never told, so nobody could stop it.
            await sandboxes.StopAsync(submitted.Id, StopReason.Asked, CancellationToken.None);
            if (!http.RequestAborted.IsCancellationRequested)
            {
                await E2bAnswers.WriteErrorAsync(
                    http, StatusCodes.Status503ServiceUnavailable, $"The sandbox did not start within {limit.TotalSeconds:0.#} s.");
            }
        }
    }

    private async Task<Result<SandboxInstance>> SubmitAsync(E2bNewSandbox asked, int defaultTimeout, CancellationToken cancellationToken)
    {
        if (!reader.Read(asked, defaultTimeout).TryGet(out var request, out var wrong))
        {
            return wrong;
        }

        var made = await preparation.PrepareAsync(request, new SandboxOwner(), authorization: null, cancellationToken);
        if (!made.TryGet(out var prepared, out var impossible))
        {
            return impossible;
        }

        var spec = prepared.Record.Spec with
        {
            HasFixedTimeout = true,
            IdleTimeout = reader.TimeoutOf(asked.Timeout ?? defaultTimeout).Value,
        };
        return await sandboxes.SubmitAsync(prepared.Record with { Spec = spec }, prepared.RegistryPassword, cancellationToken);
    }
}
