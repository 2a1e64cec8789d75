package dev.millrace.attribute;

import dev.millrace.event.Click;
import dev.millrace.feature.FeatureFields;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Reads and writes the stored form of a click that waits for its exposure. */
final class WaitingClick {

    private WaitingClick() {}

    static byte[] encoded(Click click) {
        Fields fields = new Fields()
                .text(click.id())
                .text(click.user())
                .text(click.item())
                .text(click.exposure().orElse(""))
                .text(click.action())
                .number(click.weight())
                .longInteger(click.time())
                .longInteger(click.producedAt());
        FeatureFields.write(fields, click.context());
        return fields.framed();
    }

    static Click decoded(byte[] value) {
        ByteBuffer payload = Frame.open(value);
        return new Click(
                Fields.text(payload),
                Fields.text(payload),
                Fields.text(payload),
                Optional.of(Fields.text(payload)).filter(id -> !id.isEmpty()),
                Fields.text(payload),
                payload.getDouble(),
                payload.getLong(),
                payload.getLong(),
                FeatureFields.read(payload));
    }
}
