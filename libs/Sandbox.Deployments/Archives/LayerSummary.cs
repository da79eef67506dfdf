namespace Sandbox.Deployments.Archives;

/// <summary>What a container has changed.</summary>
/// <param name="Bytes">What its layer takes, about: the holes in files are filled.</param>
/// <param name="DiskBytes">What it takes on the disk now, with the holes.</param>
/// <param name="HasRemovals">It has removed something of its image.</param>
/// <param name="MeansWhatItShows">With some settings of the kernel a folder that was moved is only a mark that says where from
/// (<c>redirect</c>), a file has a mode but no content (<c>metacopy</c>), or a removal is an attribute (<c>whiteout</c>): what is not known
/// to be harmless is left to the engine, which reads through overlay2 itself.</param>
internal sealed record LayerSummary(long Bytes, long DiskBytes, bool HasRemovals, bool MeansWhatItShows);
