using Sandbox.Chaos.Facts;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Chaos.Checks;

internal sealed class ArchivesMatch : ICheck
{
    public string Promise => "each archived record has its archive and no container, and no other record has an archive";

    public void Look(Evidence evidence, Findings findings)
    {
        var whole = evidence.Archives?.Where(archive => archive.HasImage).Select(archive => archive.Incarnation).ToHashSet();
        foreach (var record in evidence.Records.Where(record => record.State is SandboxState.Archived))
        {
            findings.Expect(
                record.Archived is { } archived && whole?.Contains(archived) is not false,
                () => $"{record.Id} is archived as {record.Archived ?? "nothing"}, and the store does not have that");
            findings.Expect(
                evidence.Containers.All(container => container.SandboxId != record.Id), () =>
                    $"{record.Id} is archived, and has a container all the same");
        }

        var wanted = evidence.Records.Select(record => record.Archived).ToHashSet();
        foreach (var archive in evidence.Archives ?? [])
        {
            findings.Expect(wanted.Contains(archive.Incarnation), () => $"{archive} is in the store, and no record has it");
        }
    }
}
