package dev.millrace.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class FieldsTest {

    @Test
    void aTextIsItsLengthInBytesAndItsUtf8WhateverItsCharacters() {
        for (String text :
                new String[] {"", "id-1", "\u007f", "caf\u00e9 id", "\u6f22\ud83d\ude00", "x".repeat(300) + "\u00e9"}) {
            byte[] utf8 = Utf8.bytes(text);

            ByteBuffer payload = Frame.open(new Fields().text(text).text("end").framed());

            assertThat(payload.getInt()).isEqualTo(utf8.length);
            byte[] written = new byte[utf8.length];
            payload.get(written);
            assertThat(written).isEqualTo(utf8);
            assertThat(Fields.text(payload)).isEqualTo("end");
        }
    }
}
