using Orleans.Runtime;

namespace Orleans.Directory;

/// <summary>The directory's questions and answers as bytes.</summary>
internal static class DirectoryMessages
{
    private const byte OtherVersionMark = 1;

    public static byte[] Write(int version) => Bytes(writer => writer.Write(version));

    public static byte[] Write(int version, GrainId grain) => Bytes(writer =>
    {
        writer.Write(version);
        Write(writer, grain);
    });

    public static byte[] Write(int version, Registration registration) => Bytes(writer =>
    {
        writer.Write(version);
        Write(writer, registration);
    });

    public static byte[] Write(Registration registration) => Bytes(writer => Write(writer, registration));

    public static byte[] OtherVersion(int version) => Bytes(writer =>
    {
        writer.Write(OtherVersionMark);
        writer.Write(version);
    });

    public static byte[] Found(SiloAddress? silo) => Bytes(writer =>
    {
        writer.Write((byte)0);
        writer.Write(silo?.ToParsableString() ?? "");
    });

    public static byte[] Told(List<Registration> registrations) => Bytes(writer =>
    {
        writer.Write((byte)0);
        writer.Write(registrations.Count);
        foreach (var registration in registrations)
        {
            Write(writer, registration.Grain);
            writer.Write(registration.Stamp);
        }
    });

    public static int ReadVersion(byte[] message) => Read(message, reader => reader.ReadInt32());

    public static GrainId ReadGrain(byte[] message) => Read(message, reader =>
    {
        reader.ReadInt32();
        return ReadGrain(reader);
    });

    public static Registration ReadWanted(byte[] message) => Read(message, reader =>
    {
        reader.ReadInt32();
        return ReadRegistration(reader);
    });

    public static Registration ReadRegistration(byte[] message) => Read(message, ReadRegistration);

    public static bool IsOtherVersion(byte[] message, out int version)
    {
        var (mark, found) = Read(message, reader => (reader.ReadByte(), message.Length >= 1 + sizeof(int) ? reader.ReadInt32() : 0));
        version = found;
        return mark == OtherVersionMark;
    }

    public static SiloAddress? ReadFound(byte[] message) => Read(message, reader =>
    {
        reader.ReadByte();
        return reader.ReadString() is { Length: > 0 } silo ? SiloAddress.Parse(silo) : null;
    });

    public static List<Registration> ReadTold(byte[] message, SiloAddress silo) => Read(message, reader =>
    {
        reader.ReadByte();
        var told = new List<Registration>();
        for (var left = reader.ReadInt32(); left > 0; left--) told.Add(new Registration(ReadGrain(reader), silo, reader.ReadInt64()));
        return told;
    });

    private static void Write(BinaryWriter writer, Registration registration)
    {
        Write(writer, registration.Grain);
        writer.Write(registration.Silo.ToParsableString());
        writer.Write(registration.Stamp);
    }

    private static void Write(BinaryWriter writer, GrainId grain)
    {
        writer.Write(grain.Type.ToString());
        writer.Write(grain.Key.ToString());
    }

    private static GrainId ReadGrain(BinaryReader reader) => GrainId.Create(reader.ReadString(), reader.ReadString());

    private static Registration ReadRegistration(BinaryReader reader) =>
        new(ReadGrain(reader), SiloAddress.Parse(reader.ReadString()), reader.ReadInt64());

    private static byte[] Bytes(Action<BinaryWriter> write)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        write(writer);
        return stream.ToArray();
    }

    private static T Read<T>(byte[] message, Func<BinaryReader, T> read)
    {
        try
        {
            using var reader = new BinaryReader(new MemoryStream(message));
            return read(reader);
        }
        catch (Exception exception) when (exception is IOException or FormatException)
        {
            throw new OrleansException($"A message of the grain directory cannot be read: {exception.Message}", exception);
        }
    }
}
