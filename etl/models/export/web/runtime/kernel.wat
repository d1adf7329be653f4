;; The one thing that has to be fast: rows of a matrix times a vector, four rows and sixteen columns at a time.
;; `kernel.js` holds this file assembled; a test assembles it again.
(module
  (memory (export "memory") 1)

  ;; sums[row] += matrix[row] · vector, in 32-bit floats. Places are bytes, multiples of 16; `rows` is a multiple
  ;; of 4, `columns` of 16.
  (func (export "multiply")
    (param $matrix i32) (param $vector i32) (param $sums i32) (param $rows i32) (param $columns i32)
    (local $width i32) (local $end i32) (local $last i32)
    (local $place i32) (local $second i32) (local $third i32) (local $fourth i32)
    (local $part v128) (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $width (i32.shl (local.get $columns) (i32.const 2)))
    (local.set $last (i32.add (local.get $vector) (local.get $width)))
    (local.set $end (i32.add (local.get $sums) (i32.shl (local.get $rows) (i32.const 2))))
    (block $done
      (loop $rows_of_four
        (br_if $done (i32.ge_u (local.get $sums) (local.get $end)))
        (local.set $second (i32.add (local.get $matrix) (local.get $width)))
        (local.set $third (i32.add (local.get $second) (local.get $width)))
        (local.set $fourth (i32.add (local.get $third) (local.get $width)))
        (local.set $a (v128.const f32x4 0 0 0 0))
        (local.set $b (local.get $a))
        (local.set $c (local.get $a))
        (local.set $d (local.get $a))
        (local.set $place (local.get $vector))
        (loop $columns_of_sixteen
          (local.set $part (v128.load (local.get $place)))
          (local.set $a (f32x4.add (local.get $a) (f32x4.mul (local.get $part) (v128.load (local.get $matrix)))))
          (local.set $b (f32x4.add (local.get $b) (f32x4.mul (local.get $part) (v128.load (local.get $second)))))
          (local.set $c (f32x4.add (local.get $c) (f32x4.mul (local.get $part) (v128.load (local.get $third)))))
          (local.set $d (f32x4.add (local.get $d) (f32x4.mul (local.get $part) (v128.load (local.get $fourth)))))
          (local.set $part (v128.load offset=16 (local.get $place)))
          (local.set $a (f32x4.add (local.get $a) (f32x4.mul (local.get $part) (v128.load offset=16 (local.get $matrix)))))
          (local.set $b (f32x4.add (local.get $b) (f32x4.mul (local.get $part) (v128.load offset=16 (local.get $second)))))
          (local.set $c (f32x4.add (local.get $c) (f32x4.mul (local.get $part) (v128.load offset=16 (local.get $third)))))
          (local.set $d (f32x4.add (local.get $d) (f32x4.mul (local.get $part) (v128.load offset=16 (local.get $fourth)))))
          (local.set $part (v128.load offset=32 (local.get $place)))
          (local.set $a (f32x4.add (local.get $a) (f32x4.mul (local.get $part) (v128.load offset=32 (local.get $matrix)))))
          (local.set $b (f32x4.add (local.get $b) (f32x4.mul (local.get $part) (v128.load offset=32 (local.get $second)))))
          (local.set $c (f32x4.add (local.get $c) (f32x4.mul (local.get $part) (v128.load offset=32 (local.get $third)))))
          (local.set $d (f32x4.add (local.get $d) (f32x4.mul (local.get $part) (v128.load offset=32 (local.get $fourth)))))
          (local.set $part (v128.load offset=48 (local.get $place)))
          (local.set $a (f32x4.add (local.get $a) (f32x4.mul (local.get $part) (v128.load offset=48 (local.get $matrix)))))
          (local.set $b (f32x4.add (local.get $b) (f32x4.mul (local.get $part) (v128.load offset=48 (local.get $second)))))
          (local.set $c (f32x4.add (local.get $c) (f32x4.mul (local.get $part) (v128.load offset=48 (local.get $third)))))
          (local.set $d (f32x4.add (local.get $d) (f32x4.mul (local.get $part) (v128.load offset=48 (local.get $fourth)))))
          (local.set $matrix (i32.add (local.get $matrix) (i32.const 64)))
          (local.set $second (i32.add (local.get $second) (i32.const 64)))
          (local.set $third (i32.add (local.get $third) (i32.const 64)))
          (local.set $fourth (i32.add (local.get $fourth) (i32.const 64)))
          (local.set $place (i32.add (local.get $place) (i32.const 64)))
          (br_if $columns_of_sixteen (i32.lt_u (local.get $place) (local.get $last))))
        (local.set $matrix (local.get $fourth))
        ;; The four sums of four numbers each: pairs first, then pairs of pairs.
        (local.set $a (f32x4.add
          (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a) (local.get $b))
          (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a) (local.get $b))))
        (local.set $c (f32x4.add
          (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $c) (local.get $d))
          (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $c) (local.get $d))))
        (v128.store (local.get $sums) (f32x4.add (v128.load (local.get $sums)) (f32x4.add
          (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $a) (local.get $c))
          (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $a) (local.get $c)))))
        (local.set $sums (i32.add (local.get $sums) (i32.const 16)))
        (br $rows_of_four)))))
