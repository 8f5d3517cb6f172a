namespace Orleans.Runtime;

/// <summary>What silos and clients tell each other of a grain class, so that those without the class can call it.</summary>
internal sealed record ClassDescription(GrainType GrainType, string Name, bool PrefersLocal, IReadOnlyList<string> Interfaces)
{
    private const int Most = 100_000;

    /// <summary>The name without its namespace.</summary>
    public string ShortName { get; } = Name[(Name.LastIndexOfAny(['.', '+']) + 1)..];

    public static void WriteAll(BinaryWriter writer, IReadOnlyList<ClassDescription> classes)
    {
        writer.Write(classes.Count);
        foreach (var description in classes)
        {
            writer.Write(description.GrainType.ToString());
            writer.Write(description.Name);
            writer.Write(description.PrefersLocal);
            writer.Write(description.Interfaces.Count);
            foreach (var name in description.Interfaces) writer.Write(name);
        }
    }

    /// <exception cref="IOException">The bytes end early.</exception>
    /// <exception cref="InvalidDataException">A count cannot be.</exception>
    public static IReadOnlyList<ClassDescription> ReadAll(BinaryReader reader)
    {
        var classes = new List<ClassDescription>();
        for (var left = ReadCount(reader); left > 0; left--)
        {
            var (type, name, local) = (GrainType.Create(reader.ReadString()), reader.ReadString(), reader.ReadBoolean());
            var interfaces = new List<string>();
            for (var more = ReadCount(reader); more > 0; more--) interfaces.Add(reader.ReadString());
            classes.Add(new ClassDescription(type, name, local, interfaces));
        }

        return classes;
    }

    private static int ReadCount(BinaryReader reader)
    {
        var count = reader.ReadInt32();
        return count is >= 0 and <= Most ? count : throw new InvalidDataException($"expected a count of at most {Most}, found {count}");
    }
}
