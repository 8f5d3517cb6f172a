using System.IO.Compression;
using System.Security.Cryptography;

namespace OrleansContrastive.Data.Datasets.Fetching;

/// <summary>Puts a file in its place, uncompressed, once its content is known to be the right one.</summary>
internal static class VerifiedFile
{
    /// <summary>Unpacks under another name, compares length and hash, renames: nobody ever sees a part of a file.</summary>
    /// <exception cref="FetchFailure">The content is not the expected one.</exception>
    public static async Task PlaceAsync(
        DatasetFile file, string source, string folder, CancellationToken cancellationToken)
    {
        var place = Path.Combine(folder, file.Name);
        var part = place + ".part";
        try
        {
            await using (var packed = File.OpenRead(source))
            await using (var target = File.Create(part))
            {
                if (source.EndsWith(".gz", StringComparison.Ordinal))
                {
                    await using var gzip = new GZipStream(packed, CompressionMode.Decompress);
                    await CopyAsync(file, gzip, target, cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    await CopyAsync(file, packed, target, cancellationToken).ConfigureAwait(false);
                }
            }

            File.Move(part, place, overwrite: true);
        }
        catch (InvalidDataException e)
        {
            throw new FetchFailure($"{Path.GetFileName(source)} is broken: {e.Message}", e);
        }
        finally
        {
            File.Delete(part);
        }
    }

    private static async Task CopyAsync(
        DatasetFile file, Stream content, FileStream target, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 17];
        long length = 0;
        while (await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var read)
        {
            length += read;
            if (length > file.Length)
                break;
            hash.AppendData(buffer, 0, read);
            await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
        }

        if (length != file.Length)
        {
            var found = length > file.Length ? "more" : $"{length}";
            throw new FetchFailure($"{file.Name}: expected {file.Length} bytes, found {found}");
        }

        var sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
        if (sha256 != file.Sha256)
            throw new FetchFailure($"{file.Name}: expected SHA-256 {file.Sha256}, found {sha256}");
    }
}
