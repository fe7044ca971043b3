// matrices8: cooperative matrices of 8 x 8 f32 with sums in f32, as Metal's simdgroup matrices are.
alias Operand = f32;
const SIDE = 8u;
alias MatrixA = coop_mat8x8<f32, A>;
alias MatrixB = coop_mat8x8<f32, B>;
alias MatrixC = coop_mat8x8<f32, C>;
