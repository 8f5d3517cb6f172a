namespace Orleans.Serialization;

internal sealed class TimeSpanCodec : ValueCodec<TimeSpan>
{
    public override void Write(WireWriter writer, uint delta, TimeSpan value) => CodecOf<long>.Write(writer, delta, value.Ticks);

    public override TimeSpan Read(WireReader reader, WireTag tag) => new(CodecOf<long>.Read(reader, tag));
}

/// <summary>Ticks and kind; a local time arrives as the same moment in the receiver's time zone.</summary>
internal sealed class DateTimeCodec : ValueCodec<DateTime>
{
    public override void Write(WireWriter writer, uint delta, DateTime value)
    {
        writer.Tag(WireKind.Fixed64, delta);
        writer.Frame.WriteUInt64((ulong)value.ToBinary());
    }

    public override DateTime Read(WireReader reader, WireTag tag)
    {
        WireReader.Expect(tag, WireKind.Fixed64, typeof(DateTime));
        try
        {
            return DateTime.FromBinary((long)reader.ReadUInt64());
        }
        catch (ArgumentException exception)
        {
            throw new WireFormatException("a time", "a date from year 1 to 9999", exception);
        }
    }
}

/// <summary>Ticks and the offset in minutes.</summary>
internal sealed class DateTimeOffsetCodec : ValueCodec<DateTimeOffset>
{
    public override void Write(WireWriter writer, uint delta, DateTimeOffset value)
    {
        writer.BeginSequence(delta, false, 2);
        CodecOf<long>.Write(writer, 0, value.Ticks);
        CodecOf<short>.Write(writer, 0, (short)value.TotalOffsetMinutes);
        writer.EndSequence();
    }

    public override DateTimeOffset Read(WireReader reader, WireTag tag)
    {
        WireReader.Expect(tag, WireKind.Sequence, typeof(DateTimeOffset));
        var count = reader.ReadCount();
        if (count != 2) throw new WireFormatException("a time with its offset", "two values", $"{count}");
        var ticks = CodecOf<long>.Read(reader, reader.ReadTag());
        var minutes = CodecOf<short>.Read(reader, reader.ReadTag());
        try
        {
            return new DateTimeOffset(ticks, TimeSpan.FromMinutes(minutes));
        }
        catch (ArgumentException exception)
        {
            throw new WireFormatException("a time with its offset", "a date from year 1 to 9999", exception);
        }
    }
}

internal sealed class DateOnlyCodec : ValueCodec<DateOnly>
{
    public override void Write(WireWriter writer, uint delta, DateOnly value) => CodecOf<int>.Write(writer, delta, value.DayNumber);

    public override DateOnly Read(WireReader reader, WireTag tag)
    {
        var day = CodecOf<int>.Read(reader, tag);
        return day >= 0 && day <= DateOnly.MaxValue.DayNumber
            ? DateOnly.FromDayNumber(day)
            : throw new WireFormatException("a date", $"a day from 0 to {DateOnly.MaxValue.DayNumber}", $"{day}");
    }
}

internal sealed class TimeOnlyCodec : ValueCodec<TimeOnly>
{
    public override void Write(WireWriter writer, uint delta, TimeOnly value) => CodecOf<long>.Write(writer, delta, value.Ticks);

    public override TimeOnly Read(WireReader reader, WireTag tag)
    {
        var ticks = CodecOf<long>.Read(reader, tag);
        return ticks >= 0 && ticks <= TimeOnly.MaxValue.Ticks
            ? new TimeOnly(ticks)
            : throw new WireFormatException("a time of day", $"ticks from 0 to {TimeOnly.MaxValue.Ticks}", $"{ticks}");
    }
}
