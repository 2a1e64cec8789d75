package dev.millrace.serve;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;

/** A response whose body is collected in memory; nothing of it is sent. Whoever writes to it never waits. */
final class CollectedResponse extends Response.Wrapper {

    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private boolean isBegun;
    private boolean isWhole;

    CollectedResponse(Request request, Response response) {
        super(request, response);
    }

    byte[] body() {
        return body.toByteArray();
    }

    @Override
    public void write(boolean last, ByteBuffer part, Callback callback) {
        isBegun = true;
        isWhole = last;
        if (part != null) {
            body.writeBytes(BufferUtil.toArray(part));
            BufferUtil.clear(part);
        }
        callback.succeeded();
    }

    @Override
    public boolean isCommitted() {
        return isBegun || super.isCommitted();
    }

    @Override
    public boolean hasLastWrite() {
        return isWhole || super.hasLastWrite();
    }

    @Override
    public boolean isCompletedSuccessfully() {
        return isWhole || super.isCompletedSuccessfully();
    }
}
