namespace Orleans.Runtime;

/// <summary>Messages in the order of arrival, linked through themselves. Not synchronised.</summary>
internal sealed class MessageQueue
{
    private Message? _first;
    private Message? _last;
    private int _interleaving;
    private int _readOnly;

    public bool IsEmpty => _first is null;

    public void Add(Message message)
    {
        message.Previous = _last;
        if (_last is null) _first = message;
        else _last.Next = message;
        _last = message;
        Count(message, 1);
    }

    /// <summary>Takes the first message that may run while <paramref name="blocking"/> runs (null: nothing blocks).</summary>
    public Message? Take(Message? blocking)
    {
        var message = _first;
        if (message is null) return null;
        if (blocking is not null)
        {
            // Do not walk a long queue in which nothing can interleave.
            if (_interleaving == 0 && !(blocking.IsReadOnly && _readOnly > 0)) return null;
            while (message is not null && !MayInterleave(message, blocking)) message = message.Next;
            if (message is null) return null;
        }

        Remove(message);
        return message;
    }

    public List<Message> TakeAll()
    {
        var all = new List<Message>();
        while (_first is { } message)
        {
            Remove(message);
            all.Add(message);
        }

        return all;
    }

    public static bool MayInterleave(Message message, Message blocking) =>
        message.IsAlwaysInterleave || (message.IsReadOnly && blocking.IsReadOnly);

    private void Remove(Message message)
    {
        if (message.Previous is { } previous) previous.Next = message.Next;
        else _first = message.Next;
        if (message.Next is { } next) next.Previous = message.Previous;
        else _last = message.Previous;
        message.Previous = message.Next = null;
        Count(message, -1);
    }

    private void Count(Message message, int by)
    {
        if (message.IsAlwaysInterleave) _interleaving += by;
        else if (message.IsReadOnly) _readOnly += by;
    }
}
