namespace OrleansContrastive.Cli.Exports;

/// <summary>Files that are there whole or not at all.</summary>
internal static class WholeFile
{
    /// <summary>Throws where a file must not be written, before anything costly is done for it.</summary>
    /// <exception cref="UsageException">It is there already, is a folder, or its folder is not there.</exception>
    public static void Check(string path, bool force)
    {
        if (Directory.Exists(path)) throw new UsageException($"'{path}' is a folder; expected the name of a file.");
        if (File.Exists(path) && !force) throw new UsageException($"'{path}' is there already. Give another --out, or --force to replace it.");
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Directory.Exists(folder)) throw new UsageException($"There is no folder '{folder}' for '{Path.GetFileName(path)}'.");
    }

    /// <summary>Writes a file beside its place and moves it there when it is complete. Returns its length in bytes.</summary>
    public static async Task<long> WriteAsync(string path, bool force, Func<Stream, Task> write)
    {
        Check(path, force);
        var fresh = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            long length;
            await using (var file = new FileStream(fresh, FileMode.CreateNew, FileAccess.ReadWrite))
            {
                await write(file);
                await file.FlushAsync();
                length = file.Length;
            }

            File.Move(fresh, path, overwrite: force);
            return length;
        }
        finally
        {
            File.Delete(fresh);
        }
    }
}
