using System.CommandLine;
using System.Globalization;
using Sandbox.Cli.Output;
using Sandbox.Client;
using Sandbox.Contracts.Management;

namespace Sandbox.Cli.Commands;

/// <summary><c>tenant create</c>, <c>set</c> and <c>ls</c>.</summary>
internal static class TenantCommands
{
    private const string None = "none";

    private static readonly string[] Columns = ["TENANT", "SANDBOXES", "TOTAL", "CPUS", "GPUS", "MEMORY", "DISK", "CREATES/MIN"];

    public static Command Create(CommandContext context) =>
        new("tenant", "Tenants and their quotas.") { CreateCreate(context), CreateSet(context), CreateLs(context) };

    private static Command CreateCreate(CommandContext context)
    {
        var name = NameArgument();
        var quota = new QuotaOptions();
        var create = quota.AddTo(new Command("create", "Make a tenant.") { name });
        create.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            var tenant = parsed.GetValue(name)!;
            var made = await client.CreateTenantAsync(tenant, quota.Over(new QuotaMessage(), parsed), context.Asked);
            if (quota.IsToHaveNoBoundOfCreates(parsed))
            {
                // A create without this bound gets the server's own.
                await client.SetQuotaAsync(tenant, made.Quota with { CreatesPerMinute = null }, context.Asked);
            }

            context.Done(parsed, new Done("created") { Tenant = tenant }, $"created {tenant}");
            return 0;
        }));
        return create;
    }

    private static Command CreateSet(CommandContext context)
    {
        var name = NameArgument();
        var quota = new QuotaOptions();
        var set = quota.AddTo(new Command("set", "Change the quota of a tenant; what is not named stays.") { name });
        set.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            var tenant = parsed.GetValue(name)!;
            var known = (await client.TenantsAsync(context.Asked)).FirstOrDefault(one => one.Name == tenant)
                ?? throw new SandboxClientException("not_found", $"There is no tenant {tenant}.");
            await client.SetQuotaAsync(tenant, quota.Over(known.Quota, parsed), context.Asked);
            context.Done(parsed, new Done("set") { Tenant = tenant }, $"set {tenant}");
            return 0;
        }));
        return set;
    }

    private static Command CreateLs(CommandContext context)
    {
        var ls = new Command("ls", "List tenants: what each uses, of how much.");
        ls.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            Printer.Rows(
                context.Json(parsed), await client.TenantsAsync(context.Asked), CliJson.Default.IReadOnlyListTenantResult, Columns, row =>
                [
                    row.Name, Of(row.Used.Sandboxes, row.Quota.Sandboxes), Of(row.Used.TotalSandboxes, row.Quota.TotalSandboxes),
                    Of(row.Used.Cpus, row.Quota.Cpus), Of(row.Used.Gpus, row.Quota.Gpus), Of(row.Used.MemoryBytes, row.Quota.MemoryBytes),
                    Of(row.Used.DiskBytes, row.Quota.DiskBytes), Text(row.Quota.CreatesPerMinute),
                ]);
            return 0;
        }));
        return ls;
    }

    private static Argument<string> NameArgument() => new("NAME") { Description = "1 to 63 characters of a-z 0-9 and -." };

    private static string Of(IFormattable used, IFormattable? bound) => $"{Text(used)}/{Text(bound)}";

    private static string Text(IFormattable? number) => number?.ToString(null, CultureInfo.InvariantCulture) ?? "-";

    /// <summary>The bounds of a quota; <c>none</c> takes one away.</summary>
    private sealed class QuotaOptions
    {
        private readonly Option<string?> _sandboxes = Bound("--sandboxes", "Pending and running at once");
        private readonly Option<string?> _cpus = Bound("--cpus", "CPUs of these together");
        private readonly Option<string?> _memory = Bound("--memory", "Bytes of memory of these together");
        private readonly Option<string?> _creates = Bound("--creates-per-minute", "Creates within a minute");
        private readonly Option<string?> _total = Bound("--total-sandboxes", "Of any state, the stopped and archived too");
        private readonly Option<string?> _gpus = Bound("--gpus", "GPUs of the pending and running together");
        private readonly Option<string?> _disk = Bound("--disk", "Bytes of all disk limits and archives together");

        public Command AddTo(Command command)
        {
            command.Add(_sandboxes);
            command.Add(_cpus);
            command.Add(_memory);
            command.Add(_creates);
            command.Add(_total);
            command.Add(_gpus);
            command.Add(_disk);
            return command;
        }

        public QuotaMessage Over(QuotaMessage known, ParseResult parsed) => new(
            Given(parsed, _sandboxes, known.Sandboxes), Given(parsed, _cpus, known.Cpus), Given(parsed, _memory, known.MemoryBytes),
            Given(parsed, _creates, known.CreatesPerMinute), Given(parsed, _total, known.TotalSandboxes), Given(parsed, _gpus, known.Gpus),
            Given(parsed, _disk, known.DiskBytes));

        public bool IsToHaveNoBoundOfCreates(ParseResult parsed) => parsed.GetValue(_creates) is None;

        private static Option<string?> Bound(string name, string what) => new(name) { Description = $"{what}, or {None}.", HelpName = "N" };

        private static T? Given<T>(ParseResult parsed, Option<string?> option, T? known)
            where T : struct, IParsable<T> =>
            parsed.GetValue(option) switch
            {
                null => known,
                None => null,
                { } text when T.TryParse(text, CultureInfo.InvariantCulture, out var bound) => bound,
                { } text => throw new CliException($"{option.Name}: '{text}' is neither a number nor {None}", ExitCodes.Usage),
            };
    }
}
