// matrices8: cooperative matrices of 8 x 8 f32, added up in f32: simdgroup matrices of Metal.
alias Operand = f32;
const SIDE = 8u;
alias MatrixA = coop_mat8x8<f32, A>;
alias MatrixB = coop_mat8x8<f32, B>;
alias MatrixC = coop_mat8x8<f32, C>;
