// As much of LiteRT as the example of docs/android.md needs to be compiled.
package org.tensorflow.lite

import java.nio.ByteBuffer

@Suppress("UNUSED_PARAMETER")
class Interpreter(model: ByteBuffer) {
    fun run(input: Any, output: Any): Unit = throw UnsupportedOperationException()
}
